//! Prices: what the user pays for a picture, decided before anything is held.

use crate::money::Money;
use crate::spec::{ImageSpec, Size};

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
    /// The exact price of one picture. Refuses a list whose sum is not a movable amount.
    pub fn quote(&self, spec: &ImageSpec) -> Result<Money, PriceError> {
        let base = match spec.size {
            Size::OneK => self.one_k,
            Size::TwoK => self.two_k,
            Size::FourK => self.four_k,
        };
        let mut price = base;
        for _ in &spec.inputs {
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    #[error("the configured prices give no amount between one kopeck and the operation limit")]
    OutOfRange,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{Aspect, Input};

    fn prices() -> ImagePrices {
        ImagePrices {
            one_k: Money::from_kopecks(2_500),
            two_k: Money::from_kopecks(2_500),
            four_k: Money::from_kopecks(4_500),
            input: Money::from_kopecks(50),
        }
    }

    fn spec(size: Size, inputs: usize) -> ImageSpec {
        let input = Input::Telegram {
            file_id: "f".into(),
            bytes: None,
        };
        ImageSpec {
            prompt: "a cat".into(),
            aspect: Aspect::Auto,
            size,
            inputs: vec![input; inputs],
        }
    }

    #[test]
    fn size_and_inputs_make_the_price() {
        let quote = |size, inputs| prices().quote(&spec(size, inputs)).map(Money::kopecks);
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
        assert_eq!(
            free.quote(&spec(Size::OneK, 0)),
            Err(PriceError::OutOfRange)
        );
        let absurd = ImagePrices {
            input: Money::from_kopecks(i64::MAX),
            ..prices()
        };
        assert_eq!(
            absurd.quote(&spec(Size::OneK, 2)),
            Err(PriceError::OutOfRange)
        );
    }
}
