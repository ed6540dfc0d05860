//! Runs and the agent.

use std::path::PathBuf;
use std::time::Duration;

use agent::usage::Prices;
use agent::{AgentSettings, Scripts, Vision};

use super::ConfigError;
use super::form::{Form, choice, duration, flag, integer, nonzero_duration, path, percentage, size};
use super::variables::Variables;
use crate::machine::Machine;
use crate::run::RunRequest;
use crate::run::settings::{MemorySettings, RunSettings};

pub(super) fn run(variables: &mut Variables) -> Result<RunSettings, ConfigError> {
    variables.section("Runs");
    Ok(RunSettings {
        timeout: variables.read(
            "RUN_TIMEOUT",
            "10m",
            nonzero_duration(),
            "Time from a run's admission to its end. A run that takes longer ends without success.",
        )?,
        max_pause: variables.read(
            "RUN_MAX_PAUSE",
            "15m",
            nonzero_duration(),
            "Maximum time that a run may be paused. Then it continues by itself. Pauses do not count as its time.",
        )?,
        input_timeout: variables.read(
            "HUMAN_INPUT_TIMEOUT",
            "10m",
            nonzero_duration(),
            "How long a run waits for a person's answer (`humanInput`). Then it goes on without. The wait does not count as \
             its time.",
        )?,
        max_steps: variables.read(
            "RUN_MAX_STEPS",
            "200",
            integer(1..=RunRequest::MAX_STEPS),
            "Maximum number of steps of one run, regardless of its request.",
        )?,
        max_tokens: variables.optional(
            "RUN_MAX_TOKENS",
            "500000",
            max_tokens(),
            "Maximum number of tokens of one run's model calls, prompts and answers together. Default: no limit.",
        )?,
        max_cost: variables.optional(
            "RUN_MAX_COST",
            "0.5",
            max_cost(),
            "Maximum cost of one run's model calls. Requires `MODEL_PRICES`. Default: no limit.",
        )?,
        max_restarts: variables.read(
            "RUN_MAX_RESTARTS",
            "1",
            integer(0..=10),
            "How many times a run that loses its browser may continue in another one, on the same page.",
        )?,
        max_concurrent: variables
            .optional(
                "MAX_CONCURRENT_RUNS",
                "4",
                integer(1..=10_000),
                "Maximum number of concurrent runs. Default: four per core, and at most one per half a gigabyte of \
                 memory, within the container's limits.",
            )?
            .unwrap_or_else(|| Machine::this().room_for_runs()),
        max_queued: variables.read(
            "MAX_QUEUED_RUNS",
            "8",
            integer(0..=10_000),
            "Maximum number of runs that wait for a slot. More are rejected with 503.",
        )?,
        queue_timeout: variables.read("QUEUE_TIMEOUT", "30s", nonzero_duration(), "Time that a run may wait.")?,
        max_per_caller: variables.optional(
            "MAX_RUNS_PER_CALLER",
            "4",
            integer(1..=10_000),
            "Maximum number of running and queued runs per `X-Caller-Id`. More are rejected with 429. Default: no limit.",
        )?,
        stall_timeout: variables.read(
            "STREAM_STALL_TIMEOUT",
            "60s",
            nonzero_duration(),
            "A run ends if its client reads nothing for this long while events are waiting.",
        )?,
        max_detach: variables.read(
            "RUN_MAX_DETACH",
            "5m",
            max_detach(),
            "How long a request may let its run continue without a reader (`detachSeconds`).",
        )?,
        stream_buffer: variables.read(
            "STREAM_BUFFER",
            "8MiB",
            size(64 << 10..=1 << 30),
            "Memory for one run's events: those that its reader has not read yet, and those that a resumed stream may \
             need. Screenshots are dropped first.",
        )? as usize,
        streams_kept: variables.read(
            "STREAMS_KEPT",
            "64MiB",
            size(0..=1 << 40),
            "Memory for the events of all finished runs whose streams may be resumed. The oldest are dropped first.",
        )? as usize,
        files_kept: variables.read(
            "FILES_KEPT",
            "512MiB",
            size(0..=1 << 40),
            "Disk space, below `PROFILE_ROOT`, for the files of all runs with `keepFiles`, until their events are dropped. \
             Others are not kept.",
        )?,
        // Set with the browser's.
        files_folder: PathBuf::new(),
        memory: memory(variables)?,
    })
}

fn memory(variables: &mut Variables) -> Result<MemorySettings, ConfigError> {
    let high_water = variables.read(
        "MEMORY_HIGH_WATER",
        "85%",
        percentage(),
        "Memory use, of the container if it has a limit, above which no run is admitted (503).",
    )?;
    let critical =
        variables.read("MEMORY_CRITICAL", "95%", percentage(), "Memory use above which the largest page is killed.")?;
    if high_water > critical {
        let expected = "no more than MEMORY_CRITICAL".to_owned();
        return Err(ConfigError::Invalid { variable: "MEMORY_HIGH_WATER", expected });
    }
    Ok(MemorySettings { high_water, critical })
}

pub(super) fn record_dir(variables: &mut Variables) -> Result<Option<PathBuf>, ConfigError> {
    variables.optional(
        "RECORD_DIR",
        "/var/lib/recordings",
        path(),
        "Folder in which each run is recorded, for `browser-use-service replay`. Default: nothing is recorded.",
    )
}

pub(super) fn agent(variables: &mut Variables) -> Result<AgentSettings, ConfigError> {
    variables.section("Agent");
    Ok(AgentSettings {
        max_actions_per_step: variables.read(
            "AGENT_MAX_ACTIONS_PER_STEP",
            "5",
            integer(1..=50),
            "Maximum number of actions per model answer.",
        )?,
        max_failures: variables.read(
            "AGENT_MAX_FAILURES",
            "3",
            integer(1..=100),
            "Number of consecutive failed steps after which the agent must finish.",
        )?,
        vision: variables.read(
            "AGENT_VISION",
            "auto",
            choice([("auto", Vision::Auto), ("always", Vision::Always), ("never", Vision::Never)]),
            "Whether a model gets a screenshot in addition to the page's text; `auto`: if it asks for one, or the text \
             says too little.",
        )?,
        allow_evaluate: variables.read(
            "ALLOW_EVALUATE",
            "false",
            flag(),
            "Whether models may run their own JavaScript in pages. Never in runs with secrets.",
        )?,
        scripts: variables.read(
            "AGENT_SCRIPTS",
            "auto",
            choice([("auto", Scripts::Auto), ("on", Scripts::On), ("off", Scripts::Off)]),
            "Whether models may write short programs of actions, so that a loop over twenty rows is one call; `auto`: \
             all but Ollama's.",
        )?,
        prices: variables
            .optional(
                "MODEL_PRICES",
                "openai/gpt-4.1-mini=0.4/0.1/1.6,ollama/qwen2.5vl=0/0/0",
                prices(),
                "Prices per million tokens in any one currency, comma-separated; `cached` is for prompt tokens from \
                 the provider's cache. Runs of these models report their cost.",
            )?
            .unwrap_or_default(),
        ..AgentSettings::default()
    })
}

fn prices() -> Form<Prices> {
    Form::new("a list of provider/model=prompt/cached/completion", |raw| Prices::parse(raw).ok())
}

fn max_tokens() -> Form<u64> {
    Form::new("a whole number above zero", |raw| raw.parse().ok().filter(|tokens| *tokens > 0))
}

fn max_cost() -> Form<f64> {
    Form::new("a number above zero", |raw| raw.parse().ok().filter(|cost: &f64| cost.is_finite() && *cost > 0.0))
}

fn max_detach() -> Form<Duration> {
    let most = Duration::from_secs(RunRequest::MAX_SECONDS.into());
    duration().filter("a duration of at most a day, or 0", move |limit| *limit <= most)
}
