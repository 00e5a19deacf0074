//! Prices: what the user pays, decided before anything is held.

use crate::catalogue::{Catalogue, Missing};
use crate::money::Money;
use crate::spec::{ImageLook, ImageModel, Output, Size, Spec};

/// The price lists of everything that is sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prices {
    pub images: ImageLists,
    pub videos: Catalogue,
}

impl Prices {
    /// The models that could make a picture, and its price by each; none for a video.
    pub fn image_choices(&self, spec: &Spec) -> Vec<(ImageModel, Money)> {
        let Output::Image(look) = &spec.output else {
            return Vec::new();
        };
        let price = |model| {
            let look = ImageLook { model, ..*look };
            let asked = Spec {
                output: Output::Image(look),
                ..spec.clone()
            };
            Some((model, self.quote(&asked).ok()?))
        };
        ImageModel::ALL.into_iter().filter_map(price).collect()
    }

    /// The exact price of a request.
    pub fn quote(&self, spec: &Spec) -> Result<Money, PriceError> {
        match &spec.output {
            Output::Image(look) => {
                let list = self.images.of(look.model).ok_or(Missing::Model)?;
                list.quote(look.size, spec.inputs.len())
            }
            Output::Video(_) => Ok(self.videos.quote(spec)?),
        }
    }
}

/// A price list for each model that makes pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageLists {
    pub pro: ImagePrices,
    /// `None`: it is not sold.
    pub two: Option<ImagePrices>,
}

impl ImageLists {
    fn of(&self, model: ImageModel) -> Option<&ImagePrices> {
        match model {
            ImageModel::Pro => Some(&self.pro),
            ImageModel::Two => self.two.as_ref(),
        }
    }

    /// The models that are sold.
    pub fn sold(&self) -> Vec<ImageModel> {
        let is_sold = |model: &ImageModel| self.of(*model).is_some();
        ImageModel::ALL.into_iter().filter(is_sold).collect()
    }
}

/// The price list of one model. Kopecks; every price is above zero.
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
    fn each_model_has_its_own_list_and_what_is_not_sold_has_no_price() {
        let two = ImagePrices {
            one_k: Money::from_kopecks(1_300),
            ..prices()
        };
        let quote = |two: Option<ImagePrices>, model| {
            let prices = Prices {
                images: ImageLists { pro: prices(), two },
                videos: Catalogue::default(),
            };
            let spec = Spec {
                prompt: "a cat".to_owned(),
                output: Output::Image(ImageLook {
                    model,
                    ..ImageLook::default()
                }),
                inputs: Vec::new(),
            };
            assert_eq!(
                prices.image_choices(&spec).first(),
                Some(&(ImageModel::Pro, Money::from_kopecks(2_500)))
            );
            (prices.images.sold(), prices.quote(&spec))
        };
        let both = vec![ImageModel::Pro, ImageModel::Two];
        let price = |kopecks| Ok(Money::from_kopecks(kopecks));
        assert_eq!(
            quote(Some(two), ImageModel::Pro),
            (both.clone(), price(2_500))
        );
        assert_eq!(quote(Some(two), ImageModel::Two), (both, price(1_300)));
        let missing = Err(PriceError::Missing(Missing::Model));
        assert_eq!(
            quote(None, ImageModel::Two),
            (vec![ImageModel::Pro], missing)
        );
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
