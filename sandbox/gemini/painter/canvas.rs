//! Pixels, and the few shapes everything is drawn with: spans, ellipses, polygons, ground below
//! a line. Ends of spans are blended by how much of the pixel they cover.

/// Red, green, blue.
pub type Colour = [u8; 3];

/// The longer side of a thumbnail, in pixels.
const THUMBNAIL_PIXELS: u32 = 160;

/// A colour and how much of it covers what lies below, 0 to 1.
#[derive(Clone, Copy, Debug)]
pub struct Ink {
    pub colour: Colour,
    pub opacity: f32,
}

impl Ink {
    /// A colour that covers everything.
    pub fn solid(colour: Colour) -> Ink {
        Ink {
            colour,
            opacity: 1.0,
        }
    }

    /// A colour that lets something through.
    pub fn glaze(colour: Colour, opacity: f32) -> Ink {
        Ink { colour, opacity }
    }
}

/// A point between two colours; `part` is 0 to 1.
pub fn mix(from: Colour, to: Colour, part: f32) -> Colour {
    let weight = weight_of(part);
    let mut mixed = from;
    blend(&mut mixed, to, weight);
    mixed
}

fn weight_of(part: f32) -> u32 {
    (part.clamp(0.0, 1.0) * 256.0) as u32
}

/// `weight` is 0 to 256.
fn blend(pixel: &mut Colour, colour: Colour, weight: u32) {
    let left = 256 - weight;
    pixel[0] = ((u32::from(pixel[0]) * left + u32::from(colour[0]) * weight) >> 8) as u8;
    pixel[1] = ((u32::from(pixel[1]) * left + u32::from(colour[1]) * weight) >> 8) as u8;
    pixel[2] = ((u32::from(pixel[2]) * left + u32::from(colour[2]) * weight) >> 8) as u8;
}

/// A picture in work. The origin is at the top left; y grows downwards.
#[derive(Clone, Debug)]
pub struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<Colour>,
}

impl Canvas {
    /// A black canvas of these pixels.
    pub fn new(width: u32, height: u32) -> Canvas {
        let (width, height) = (width as usize, height as usize);
        Canvas {
            width,
            height,
            pixels: vec![[0; 3]; width * height],
        }
    }

    /// Pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Red, green and blue of every pixel, row by row.
    pub fn bytes(&self) -> &[u8] {
        self.pixels.as_flattened()
    }

    /// One row.
    pub fn row_mut(&mut self, y: usize) -> &mut [Colour] {
        &mut self.pixels[y * self.width..(y + 1) * self.width]
    }

    /// Part of a row, from `from` to `to`, with soft ends.
    fn span(&mut self, y: usize, from: f32, to: f32, ink: Ink) {
        let from = from.max(0.0);
        let to = to.min(self.width as f32);
        if from >= to {
            return;
        }
        let (first, last) = (from.ceil() as usize, to.floor() as usize);
        let weight = weight_of(ink.opacity);
        let row = self.row_mut(y);
        if first > last {
            // Both ends in one pixel.
            let part = weight_of((to - from) * ink.opacity);
            blend(&mut row[last], ink.colour, part);
            return;
        }
        if weight >= 256 {
            row[first..last].fill(ink.colour);
        } else {
            for pixel in &mut row[first..last] {
                blend(pixel, ink.colour, weight);
            }
        }
        if first > 0 {
            let part = weight_of((first as f32 - from) * ink.opacity);
            blend(&mut row[first - 1], ink.colour, part);
        }
        if last < row.len() {
            let part = weight_of((to - last as f32) * ink.opacity);
            blend(&mut row[last], ink.colour, part);
        }
    }

    /// The rows between two heights.
    fn rows(&self, top: f32, bottom: f32) -> std::ops::Range<usize> {
        let clamp = |y: f32| (y.max(0.0) as usize).min(self.height);
        clamp(top)..clamp(bottom.ceil())
    }

    /// An ellipse with these half axes.
    pub fn ellipse(&mut self, (x, y): (f32, f32), (half_width, half_height): (f32, f32), ink: Ink) {
        for row in self.rows(y - half_height, y + half_height) {
            let up = (row as f32 + 0.5 - y) / half_height;
            let half = half_width * (1.0 - up * up).max(0.0).sqrt();
            self.span(row, x - half, x + half, ink);
        }
    }

    /// A disc.
    pub fn disc(&mut self, centre: (f32, f32), radius: f32, ink: Ink) {
        self.ellipse(centre, (radius, radius), ink);
    }

    /// An upright rectangle.
    pub fn rectangle(&mut self, (x, y): (f32, f32), (width, height): (f32, f32), ink: Ink) {
        for row in self.rows(y, y + height) {
            self.span(row, x, x + width, ink);
        }
    }

    /// A convex polygon.
    pub fn polygon(&mut self, points: &[(f32, f32)], ink: Ink) {
        let top = points.iter().map(|point| point.1).fold(f32::MAX, f32::min);
        let bottom = points.iter().map(|point| point.1).fold(f32::MIN, f32::max);
        for row in self.rows(top, bottom) {
            let y = row as f32 + 0.5;
            let (mut from, mut to) = (f32::MAX, f32::MIN);
            for (number, &(x1, y1)) in points.iter().enumerate() {
                let (x2, y2) = points[(number + 1) % points.len()];
                if (y1 <= y) != (y2 <= y) {
                    let x = x1 + (y - y1) * (x2 - x1) / (y2 - y1);
                    from = from.min(x);
                    to = to.max(x);
                }
            }
            self.span(row, from, to, ink);
        }
    }

    /// Everything below a line whose height at each x is told, getting `deep` towards the bottom.
    pub fn ground(&mut self, line: impl Fn(f32) -> f32, near: Colour, deep: Colour) {
        let tops: Vec<f32> = (0..self.width).map(|x| line(x as f32)).collect();
        let highest = tops.iter().copied().fold(f32::MAX, f32::min).max(0.0);
        let bottom = self.height as f32;
        for y in self.rows(highest, bottom) {
            let colour = mix(near, deep, (y as f32 - highest) / (bottom - highest));
            let y_below = y as f32 + 1.0;
            for (pixel, top) in self.row_mut(y).iter_mut().zip(&tops) {
                let covered = y_below - top;
                if covered >= 1.0 {
                    *pixel = colour;
                } else if covered > 0.0 {
                    blend(pixel, colour, weight_of(covered));
                }
            }
        }
    }

    /// A small copy.
    pub fn thumbnail(&self) -> Canvas {
        let step = self
            .width
            .max(self.height)
            .div_ceil(THUMBNAIL_PIXELS as usize);
        let rows = self.pixels.chunks(self.width).step_by(step);
        Canvas {
            width: self.width.div_ceil(step),
            height: self.height.div_ceil(step),
            pixels: rows
                .flat_map(|row| row.iter().step_by(step).copied())
                .collect(),
        }
    }

    /// Every pixel as a square of `times` pixels a side.
    pub fn enlarged(self, times: u32) -> Canvas {
        let times = times as usize;
        if times == 1 {
            return self;
        }
        let mut pixels = Vec::with_capacity(self.pixels.len() * times * times);
        for row in self.pixels.chunks(self.width) {
            let start = pixels.len();
            for pixel in row {
                pixels.resize(pixels.len() + times, *pixel);
            }
            for _ in 1..times {
                pixels.extend_from_within(start..start + self.width * times);
            }
        }
        Canvas {
            width: self.width * times,
            height: self.height * times,
            pixels,
        }
    }
}
