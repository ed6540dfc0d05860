//! Shows and steers runs that go on.

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use crate::http::auth::Authenticated;
use crate::http::body::{read_json, read_optional_json};
use crate::http::error::{ApiError, Problem};
use crate::http::event_dto::{InputRequestDto, Timestamp};
use crate::http::headers::caller_id;
use crate::http::request::{parse_added, parse_input, parse_replaced, parse_resumed};
use crate::http::router::HttpState;
use crate::run::{CallerId, Command, RunId, RunStatus};

type Id = Result<Path<String>, PathRejection>;
type Accepted = Result<(StatusCode, Json<Value>), ApiError>;

/// A run as `GET /runs` shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct RunStatusDto {
    run_id: String,
    state: &'static str,
    step: u32,
    url: String,
    title: String,
    started_at: Timestamp,
    provider: &'static str,
    model: Option<String>,
    caller_id: Option<String>,
    input_request: Option<InputRequestDto>,
}

impl From<RunStatus> for RunStatusDto {
    fn from(status: RunStatus) -> Self {
        let RunStatus { id, state, step, url, title, started_at, provider, model, caller, input_request } = status;
        Self {
            run_id: id.to_string(),
            state: state.name(),
            step,
            url,
            title,
            started_at: Timestamp(started_at),
            provider: provider.name(),
            model,
            caller_id: caller.map(|caller| caller.as_str().to_owned()),
            input_request: input_request.map(InputRequestDto::from),
        }
    }
}

/// `GET /api/v1/browser-use/runs`.
pub(in crate::http) async fn list(
    _caller: Authenticated,
    State(HttpState { runs, .. }): State<HttpState>,
    headers: HeaderMap,
) -> Result<Json<Vec<RunStatusDto>>, ApiError> {
    let caller = caller_id(&headers)?;
    Ok(Json(runs.list(caller.as_ref()).into_iter().map(RunStatusDto::from).collect()))
}

/// `GET /api/v1/browser-use/runs/{id}`.
pub(in crate::http) async fn status(
    _caller: Authenticated,
    State(HttpState { runs, .. }): State<HttpState>,
    id: Id,
    headers: HeaderMap,
) -> Result<Json<RunStatusDto>, ApiError> {
    let (id, caller) = whose(id, &headers)?;
    Ok(Json(runs.status(id, caller.as_ref()).ok_or(ApiError::UnknownRun)?.into()))
}

/// `POST /api/v1/browser-use/runs/{id}/pause`.
pub(in crate::http) async fn pause(
    _caller: Authenticated,
    State(state): State<HttpState>,
    id: Id,
    headers: HeaderMap,
) -> Accepted {
    steer(&state, id, &headers, Command::Pause)
}

/// `POST /api/v1/browser-use/runs/{id}/resume`.
pub(in crate::http) async fn resume(
    _caller: Authenticated,
    State(state): State<HttpState>,
    id: Id,
    request: Request<Body>,
) -> Accepted {
    let headers = request.headers().clone();
    let body = read_optional_json(request, &state.settings).await?;
    let message = parse_resumed(&body).map_err(ApiError::Invalid)?;
    steer(&state, id, &headers, Command::Resume { message })
}

/// `POST /api/v1/browser-use/runs/{id}/stop`.
pub(in crate::http) async fn stop(
    _caller: Authenticated,
    State(state): State<HttpState>,
    id: Id,
    headers: HeaderMap,
) -> Accepted {
    steer(&state, id, &headers, Command::Stop)
}

/// `POST /api/v1/browser-use/runs/{id}/messages`.
pub(in crate::http) async fn add(
    _caller: Authenticated,
    State(state): State<HttpState>,
    id: Id,
    request: Request<Body>,
) -> Accepted {
    instruct(&state, id, request, |body| parse_added(body).map(Command::Add)).await
}

/// `POST /api/v1/browser-use/runs/{id}/input`.
pub(in crate::http) async fn input(
    _caller: Authenticated,
    State(state): State<HttpState>,
    id: Id,
    request: Request<Body>,
) -> Accepted {
    instruct(&state, id, request, |body| parse_input(body).map(|(id, input)| Command::Answer { id, input })).await
}

/// `PATCH /api/v1/browser-use/runs/{id}`.
pub(in crate::http) async fn replace(
    _caller: Authenticated,
    State(state): State<HttpState>,
    id: Id,
    request: Request<Body>,
) -> Accepted {
    instruct(&state, id, request, |body| parse_replaced(body).map(Command::Replace)).await
}

async fn instruct(
    state: &HttpState,
    id: Id,
    request: Request<Body>,
    parse: fn(&[u8]) -> Result<Command, Vec<Problem>>,
) -> Accepted {
    let headers = request.headers().clone();
    let body = read_json(request, &state.settings).await?;
    steer(state, id, &headers, parse(&body).map_err(ApiError::Invalid)?)
}

fn steer(state: &HttpState, id: Id, headers: &HeaderMap, command: Command) -> Accepted {
    let (id, caller) = whose(id, headers)?;
    let reached = state.runs.steer(id, caller.as_ref(), command)?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "state": reached.name() }))))
}

pub(super) fn whose(id: Id, headers: &HeaderMap) -> Result<(RunId, Option<CallerId>), ApiError> {
    let caller = caller_id(headers)?;
    let id = id.ok().and_then(|Path(id)| RunId::parse(&id)).ok_or(ApiError::UnknownRun)?;
    Ok((id, caller))
}
