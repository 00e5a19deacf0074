//! A series as the conversation sees it: it begins from a card and ends by `/stop`.

use rei_domain::conversation::Reply;
use rei_domain::draft::Draft;
use rei_domain::ids::DraftId;
use rei_domain::series::{Series, SeriesEnd, Stopping, Warned};

use super::conversation::Talk;
use crate::ports::StoreError;

/// Writes the series whose first step is about to be confirmed.
pub(super) async fn begin(talk: &Talk<'_>, draft: &Draft, count: u32) -> Result<(), StoreError> {
    let series = Series {
        id: draft.id.clone(),
        user: draft.user,
        chat: draft.chat,
        wanted: count,
        price: draft.price,
        stopping: Stopping::No,
        warned: Warned::No,
        started_at: talk.now,
        ended: None,
    };
    talk.ports.series.begin(&series).await
}

/// Takes back a series whose first step was refused; the user was told why already.
pub(super) async fn withdraw(talk: &Talk<'_>, id: &DraftId) -> Result<(), StoreError> {
    let reason = SeriesEnd::Stopped;
    talk.ports.series.end(id, reason, talk.now, None).await
}

/// `/stop`: every series of the user ends after its running step. Returns how many there were.
pub(super) async fn stop_running(talk: &mut Talk<'_>) -> Result<u32, StoreError> {
    let running = talk.ports.series.running_of(talk.user.id).await?;
    for series in &running {
        talk.ports.series.ask_to_stop(&series.id).await?;
    }
    let count = u32::try_from(running.len()).unwrap_or(u32::MAX);
    if count > 0 {
        talk.say(&Reply::SeriesStopping { count });
    }
    Ok(count)
}
