//! Lets a refused upload finish.
//!
//! A connection that is closed while bytes are still coming in is reset, and a reset can overtake the response: the
//! caller would see a broken connection where a refusal was sent. So the rest of a body that nobody wanted is read and
//! thrown away beside the response, within limits.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::header::EXPECT;
use axum::middleware::Next;
use axum::response::Response;
use futures::{Stream, StreamExt};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

const MAX_DISCARDED_BYTES: usize = 16 * 1024 * 1024;
const MAX_DISCARDING: Duration = Duration::from_secs(2);

/// Middleware: wraps the request's body.
pub(super) async fn linger(State(tasks): State<TaskTracker>, request: Request, next: Next) -> Response {
    // A caller that asks before it sends has nothing under way; reading would tell it to send.
    if request.body().is_end_stream() || request.headers().contains_key(EXPECT) {
        return next.run(request).await;
    }
    let request =
        request.map(|body| Body::from_stream(Lingering { rest: Some(body.into_data_stream()), tasks: tasks.clone() }));
    next.run(request).await
}

/// A body whose rest is discarded when it is dropped before its end.
struct Lingering {
    /// None when the end was reached.
    rest: Option<BodyDataStream>,
    tasks: TaskTracker,
}

impl Stream for Lingering {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
        let polled = rest.poll_next_unpin(cx);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.rest = None;
        }
        polled
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        if let Some(rest) = self.rest.take() {
            self.tasks.spawn(timeout(MAX_DISCARDING, discard(rest)));
        }
    }
}

async fn discard(mut body: BodyDataStream) {
    let mut discarded = 0;
    while let Some(Ok(chunk)) = body.next().await {
        discarded += chunk.len();
        if discarded > MAX_DISCARDED_BYTES {
            return;
        }
    }
}
