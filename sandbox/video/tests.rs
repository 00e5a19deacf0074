use super::*;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_clip_is_as_long_as_large_and_as_fast_as_asked() {
    for (width, height, fps, millis) in [
        (1280, 720, 24, 5_000),
        (1920, 1080, 24, 3_000),
        (720, 1280, 30, 10_000),
        (960, 960, 24, 15_000),
        (342, 608, 60, 7_300),
    ] {
        let length = Duration::from_millis(millis);
        let clip = Clip {
            fps,
            ..Clip::new(width, height, length)
        };
        let probed = probe(&clip.render()).unwrap();
        assert_eq!((probed.width, probed.height), (width, height));
        assert!((probed.fps - f64::from(fps)).abs() < 0.001, "{probed:?}");
        let off = probed.length.as_secs_f64() - length.as_secs_f64();
        assert!((0.0..1.0 / f64::from(fps)).contains(&off), "{probed:?}");
        assert!(!probed.has_sound);
    }
}

#[test]
fn a_clip_is_small_and_always_the_same() {
    let clip = Clip {
        sound: Sound::Silence,
        ..Clip::new(1920, 1080, 5 * SECOND)
    };
    let file = clip.render();
    assert_eq!(file, clip.render());
    assert!(file.len() < 200_000, "{}", file.len());
    assert!(probe(&file).unwrap().has_sound);
    let other = Clip { seed: 1, ..clip };
    assert_ne!(file, other.render());
}

#[test]
fn a_clip_begins_from_its_picture() {
    let red = image::RgbImage::from_pixel(64, 36, image::Rgb([250, 0, 0]));
    let mut png = std::io::Cursor::new(Vec::new());
    red.write_to(&mut png, image::ImageFormat::Png).unwrap();
    let of = |picture: Option<bytes::Bytes>| {
        let clip = Clip {
            picture,
            ..Clip::new(320, 180, SECOND)
        };
        clip.render()
    };
    let plain = of(None);
    assert_ne!(of(Some(png.into_inner().into())), plain);
    let nonsense = bytes::Bytes::from_static(b"no picture");
    assert_eq!(of(Some(nonsense)), plain);
}

#[test]
fn what_is_no_video_is_told_from_one() {
    let clip = Clip::new(320, 180, SECOND).render();
    assert_eq!(probe(b""), Err(NotAVideo));
    assert_eq!(probe(b"these bytes are no video"), Err(NotAVideo));
    assert_eq!(probe(&clip[..400]), Err(NotAVideo), "cut off in its index");
    let grown = grown(clip.clone(), 1_000_000);
    assert_eq!(grown.len(), 1_000_000);
    assert_eq!(probe(&grown), probe(&clip));
}
