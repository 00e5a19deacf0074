//! The draft card: what is asked for, what it costs, what is left, and the buttons to change,
//! confirm or withdraw it.

use rei_actors::ports::view::{Button, Rendered};
use rei_domain::conversation::{Balance, CardNote, CardOffer, CardPage, Tap, VideoOffer};
use rei_domain::draft::{Draft, DraftState};
use rei_domain::ids::ModelId;
use rei_domain::money::Money;
use rei_domain::spec::{Aspect, ImageLook, ImageModel, Output, Size};

use super::html::{TEXT_UNITS_MAX, around_prompt};
use super::topup::top_up_button;
use super::words::{Args, Words, labelled, moscow_time};
use super::{limits, replies, series, video};

/// Shapes in one row of the page; more would be cut off on a narrow phone.
const SHAPES_IN_ROW: usize = 3;

/// Renders a card. Only an open draft has one; the others say where they stand.
pub(super) fn render(
    words: Words<'_>,
    draft: &Draft,
    balance: Balance,
    page: CardPage,
    offer: &CardOffer,
    note: Option<CardNote>,
) -> Rendered {
    render_below(words, Vec::new(), draft, balance, page, offer, note)
}

/// Renders a card below other lines. Only an open draft has one.
pub(super) fn render_below(
    words: Words<'_>,
    mut above: Vec<String>,
    draft: &Draft,
    balance: Balance,
    page: CardPage,
    offer: &CardOffer,
    note: Option<CardNote>,
) -> Rendered {
    match &draft.state {
        DraftState::Open => {}
        DraftState::Asking => {
            return replies::ask_what_to_do(words, draft.spec.came());
        }
        DraftState::Confirmed(_) => return replies::plain(words.say("card-confirmed")),
        DraftState::Cancelled => return replies::plain(words.say("card-discarded")),
    }
    let noted = match note {
        Some(CardNote::PriceRenewed) => Some(words.say("card-renewed")),
        Some(CardNote::CardChanged) => Some(words.say("card-changed")),
        Some(CardNote::OfferedAgain) => Some(words.say("card-offered-again")),
        Some(CardNote::Capped {
            scope,
            period,
            limit,
            frees_at,
        }) => Some(limits::capped(words, scope, period, limit, frees_at)),
        Some(CardNote::SlowDown { wait_secs }) => Some(limits::slow_down(words, wait_secs)),
        // Said below, beside the price.
        Some(CardNote::NotEnough { .. }) | None => None,
    };
    if let Some(noted) = noted {
        above.push(noted);
        above.push(String::new());
    }
    above.push(words.title(&draft.spec));
    let mut below = vec![words.look(&draft.spec)];
    below.extend(video::rate(words, &draft.spec, &offer.video));
    below.push(String::new());
    below.extend(money_lines(words, draft, balance, note));
    let reasons = video::reasons(words, &draft.spec, &offer.video);
    if !reasons.is_empty() {
        below.push(String::new());
        below.extend(reasons);
    }
    if page == CardPage::Shapes {
        below.push(String::new());
        below.push(words.say("card-shapes"));
    }
    if page == CardPage::Series {
        below.push(String::new());
        below.push(words.say("card-series"));
    }
    let keyboard = match page {
        CardPage::Main => main_keyboard(words, draft, offer, &after(draft, balance, note)),
        CardPage::Shapes => shapes_keyboard(words, draft),
        CardPage::Series => series::keyboard(words, draft),
    };
    Rendered {
        html: around_prompt(&above, &draft.spec.prompt, &below, TEXT_UNITS_MAX),
        keyboard,
    }
}

fn money_lines(
    words: Words<'_>,
    draft: &Draft,
    balance: Balance,
    note: Option<CardNote>,
) -> Vec<String> {
    let now = words.money(balance.available);
    let price = Args::new().text("price", &words.money(draft.price));
    let balance_line = match after(draft, balance, note) {
        After::Left(left) => {
            let args = Args::new()
                .text("now", &now)
                .text("after", &words.money(left));
            words.tell("card-balance", args)
        }
        After::Missing(missing) => {
            let args = Args::new()
                .text("missing", &words.money(missing))
                .text("now", &now);
            words.tell("card-missing", args)
        }
    };
    let until = Args::new().text("time", &moscow_time(draft.expires_at));
    vec![
        words.tell("card-price", price),
        balance_line,
        words.tell("card-valid", until),
    ]
}

/// What a confirmation would do to the balance.
enum After {
    Left(Money),
    Missing(Money),
}

/// The ledger's own word comes first, then the balance.
fn after(draft: &Draft, balance: Balance, note: Option<CardNote>) -> After {
    match note {
        Some(CardNote::NotEnough { missing }) => return After::Missing(missing),
        Some(
            CardNote::PriceRenewed
            | CardNote::CardChanged
            | CardNote::OfferedAgain
            | CardNote::Capped { .. }
            | CardNote::SlowDown { .. },
        )
        | None => {}
    }
    match balance.available.checked_sub(draft.price) {
        Some(left) if left >= Money::ZERO => After::Left(left),
        Some(_) | None => {
            let missing = draft.price.checked_sub(balance.available);
            After::Missing(missing.unwrap_or(draft.price))
        }
    }
}

fn main_keyboard(
    words: Words<'_>,
    draft: &Draft,
    offer: &CardOffer,
    after: &After,
) -> Vec<Vec<Button>> {
    let mut rows = match (&draft.spec.output, &offer.video) {
        (Output::Image(look), _) => image_choices(words, draft, *look, &offer.images),
        (Output::Video(look), VideoOffer::Choices(choices)) => {
            video::keyboard(words, draft, look, choices)
        }
        (Output::Video(_), VideoOffer::Nothing | VideoOffer::Instead) => Vec::new(),
    };
    let price = Args::new().text("price", &words.money(draft.price));
    let confirm = labelled(
        words.tell("button-confirm", price),
        &Tap::Confirm {
            draft: draft.id.clone(),
            nonce: draft.nonce.clone(),
        },
    );
    let discard = words.button(
        "button-discard",
        &Tap::Discard {
            draft: draft.id.clone(),
        },
    );
    rows.extend(video::switch(words, draft, &offer.video).map(|button| vec![button]));
    rows.push(vec![confirm]);
    match after {
        After::Left(_) => {}
        After::Missing(_) => rows.push(vec![top_up_button(words, Some(draft.id.clone()))]),
    }
    rows.push(vec![discard]);
    rows
}

/// Models, sizes, the shape and the series of a picture. One model is no choice.
fn image_choices(
    words: Words<'_>,
    draft: &Draft,
    look: ImageLook,
    models: &[(ImageModel, Money)],
) -> Vec<Vec<Button>> {
    let mut rows = Vec::new();
    if models.len() > 1 {
        let button = |(model, price): &(ImageModel, Money)| {
            let tap = Tap::SetModel {
                draft: draft.id.clone(),
                model: ModelId::new(model.as_str()),
            };
            let args = Args::new()
                .text("model", model.short_title())
                .text("price", &words.money(*price));
            let name = words.tell("button-model-at", args);
            labelled(words.choice(&name, *model, look.model), &tap)
        };
        rows.push(models.iter().map(button).collect());
    }
    let mut sizes = Vec::with_capacity(Size::ALL.len());
    for size in Size::ALL {
        let tap = Tap::SetSize {
            draft: draft.id.clone(),
            size,
        };
        let label = words.choice(size.as_str(), size, look.size);
        sizes.push(labelled(label, &tap));
    }
    let shape = words.shape(draft.spec.mode(), look.aspect);
    let shapes = labelled(
        words.tell("button-shape", Args::new().text("shape", &shape)),
        &Tap::ShowAspects {
            draft: draft.id.clone(),
        },
    );
    let series = words.button(
        "button-series",
        &Tap::ShowSeries {
            draft: draft.id.clone(),
        },
    );
    rows.push(sizes);
    rows.push(vec![shapes, series]);
    rows
}

fn shapes_keyboard(words: Words<'_>, draft: &Draft) -> Vec<Vec<Button>> {
    let mut rows = Vec::new();
    for aspects in Aspect::ALL.chunks(SHAPES_IN_ROW) {
        let mut row = Vec::with_capacity(SHAPES_IN_ROW);
        for aspect in aspects {
            let tap = Tap::SetAspect {
                draft: draft.id.clone(),
                aspect: *aspect,
            };
            let shape = words.shape(draft.spec.mode(), *aspect);
            let label = words.choice(&shape, *aspect, draft.spec.aspect());
            row.push(labelled(label, &tap));
        }
        rows.push(row);
    }
    rows.push(vec![words.button(
        "button-back",
        &Tap::ShowCard {
            draft: draft.id.clone(),
        },
    )]);
    rows
}
