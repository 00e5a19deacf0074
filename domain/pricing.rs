//! Prices: what the user pays, decided before anything is held.

use crate::catalogue::{Catalogue, Missing};
use crate::money::Money;
use crate::spec::{Output, Size, Spec};

/// The price lists of everything that is sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prices {
    pub images: ImagePrices,
    pub videos: Catalogue,
}

impl Prices {
    /// The exact price of a request.
    pub fn quote(&self, spec: &Spec) -> Result<Money, PriceError> {
        match &spec.output {
            Output::Image(look) => self.images.quote(look.size, spec.inputs.len()),
            Output::Video(_) => Ok(self.videos.quote(spec)?),
        }
    }
}

/// The price list of Nano Banana Pro. Kopecks; every price is above zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImagePrices {
    pub one_k: Money,
    pub two_k: Money,
    pub four_k: Money,
    /// Added for each input picture of an edit; may be zero.
    pub input: Money,
}

impl ImagePrices {
    /// The exact price of one picture made from so many others. Refuses a list whose sum is not
    /// a movable amount.
    pub fn quote(&self, size: Size, inputs: usize) -> Result<Money, PriceError> {
        let base = match size {
            Size::OneK => self.one_k,
            Size::TwoK => self.two_k,
            Size::FourK => self.four_k,
        };
        let mut price = base;
        for _ in 0..inputs {
            price = price
                .checked_add(self.input)
                .ok_or(PriceError::OutOfRange)?;
        }
        if price.is_movable() {
            Ok(price)
        } else {
            Err(PriceError::OutOfRange)
        }
    }
}

/// Why a price could not be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    #[error("the configured prices give no amount between one kopeck and the operation limit")]
    OutOfRange,
    /// The video is not one that is sold.
    #[error(transparent)]
    Missing(#[from] Missing),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prices() -> ImagePrices {
        ImagePrices {
            one_k: Money::from_kopecks(2_500),
            two_k: Money::from_kopecks(2_500),
            four_k: Money::from_kopecks(4_500),
            input: Money::from_kopecks(50),
        }
    }

    #[test]
    fn size_and_inputs_make_the_price() {
        let quote = |size, inputs| prices().quote(size, inputs).map(Money::kopecks);
        assert_eq!(quote(Size::OneK, 0), Ok(2_500));
        assert_eq!(quote(Size::FourK, 0), Ok(4_500));
        assert_eq!(quote(Size::TwoK, 2), Ok(2_600));
    }

    #[test]
    fn a_free_or_absurd_price_is_never_quoted() {
        let free = ImagePrices {
            one_k: Money::ZERO,
            ..prices()
        };
        assert_eq!(free.quote(Size::OneK, 0), Err(PriceError::OutOfRange));
        let absurd = ImagePrices {
            input: Money::from_kopecks(i64::MAX),
            ..prices()
        };
        assert_eq!(absurd.quote(Size::OneK, 2), Err(PriceError::OutOfRange));
    }
}
