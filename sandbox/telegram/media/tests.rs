use super::*;

fn png(width: u32, height: u32) -> Bytes {
    let mut bytes = Cursor::new(Vec::new());
    let picture = image::GrayImage::new(width, height);
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner().into()
}

fn photo(bytes: Bytes) -> Result<Media, String> {
    let upload = Upload {
        bytes,
        ..Upload::default()
    };
    Files::default()
        .store(MediaKind::Photo, upload)
        .map_err(|error| error.description)
}

#[test]
fn a_photo_has_its_real_size_and_smaller_ones() {
    let media = photo(png(1000, 500)).unwrap();
    assert_eq!((media.width, media.height), (1000, 500));
    let smaller: Vec<_> = media.smaller.iter().map(|s| (s.width, s.height)).collect();
    assert_eq!(smaller, [(90, 45), (320, 160), (800, 400)]);
}

#[test]
fn a_smaller_size_is_really_scaled() {
    let mut files = Files::default();
    let upload = Upload {
        bytes: png(400, 200),
        ..Upload::default()
    };
    let media = files.store(MediaKind::Photo, upload).unwrap();
    let small = files.find(&media.smaller[0].file_id).unwrap();
    let picture = Picture::read(&small.content()).unwrap();
    assert_eq!((picture.width, picture.height), (90, 45));
    assert_eq!(picture.format, ImageFormat::Jpeg);
}

#[test]
fn what_telegram_shows_as_no_photo_is_refused() {
    let refused = |what: &str| Err(format!("Bad Request: {what}"));
    assert_eq!(
        photo(Bytes::from_static(b"words")),
        refused("IMAGE_PROCESS_FAILED")
    );
    assert_eq!(photo(png(9000, 1001)), refused("PHOTO_INVALID_DIMENSIONS"));
    assert_eq!(photo(png(2001, 100)), refused("PHOTO_INVALID_DIMENSIONS"));
    assert!(photo(png(2000, 100)).is_ok());
    let above = photo(Bytes::from(vec![0; PHOTO_BYTES_MAX + 1])).unwrap_err();
    assert!(above.contains("too big for a photo"), "{above}");
    assert_eq!(photo(Bytes::new()), refused("file must be non-empty"));
}

#[test]
fn a_document_keeps_its_name_and_bytes() {
    let mut files = Files::default();
    let bytes = png(3, 2);
    let upload = Upload {
        bytes: bytes.clone(),
        file_name: Some("a.png".into()),
        ..Upload::default()
    };
    let media = files.store(MediaKind::Document, upload).unwrap();
    assert_eq!(media.mime_type, "image/png");
    let stored = files.find(&media.file_id).unwrap();
    assert_eq!(stored.path, "documents/file_1.png");
    assert_eq!(
        files.at_path("documents/file_1.png").unwrap().content(),
        bytes
    );
}
