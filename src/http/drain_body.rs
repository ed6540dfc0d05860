//! Drains the body of a rejected upload.
//!
//! A connection that is closed while bytes still arrive is reset, and the reset can overtake the response: the caller
//! would see a broken connection instead of the rejection. So the unread rest of a body is read and drained beside the
//! response, within limits.

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

const MAX_DRAINED_BYTES: usize = 16 * 1024 * 1024;
const MAX_DRAIN_TIME: Duration = Duration::from_secs(2);

/// Middleware that drains the request's body if the handler does not read all of it.
pub(super) async fn drain_body(State(tasks): State<TaskTracker>, request: Request, next: Next) -> Response {
    // A caller that waits for `100 Continue` has sent nothing, and reading would tell it to.
    if request.body().is_end_stream() || request.headers().contains_key(EXPECT) {
        return next.run(request).await;
    }
    let request = request
        .map(|body| Body::from_stream(DrainOnDrop { rest: Some(body.into_data_stream()), tasks: tasks.clone() }));
    next.run(request).await
}

/// A body that is drained when it is dropped before its end.
struct DrainOnDrop {
    /// None after the end.
    rest: Option<BodyDataStream>,
    tasks: TaskTracker,
}

impl Stream for DrainOnDrop {
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

impl Drop for DrainOnDrop {
    fn drop(&mut self) {
        if let Some(rest) = self.rest.take() {
            self.tasks.spawn(timeout(MAX_DRAIN_TIME, drain(rest)));
        }
    }
}

async fn drain(mut body: BodyDataStream) {
    let mut drained = 0;
    while let Some(Ok(chunk)) = body.next().await {
        drained += chunk.len();
        if drained > MAX_DRAINED_BYTES {
            return;
        }
    }
}
