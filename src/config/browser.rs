//! The browser, its limits and the URL policy.

use std::sync::Arc;
use std::time::Duration;

use browser::settings::{BrowserSettings, FileLimits, NetworkLimits, RendererLimits, SandboxMode, SettleSettings};
use url_policy::{DomainPattern, DomainRules, HostPattern, UrlPolicy};

use super::ConfigError;
use super::form::{Form, choice, duration, flag, integer, nonzero_duration, path, size};
use super::variables::Variables;

pub(super) fn browser(variables: &mut Variables) -> Result<BrowserSettings, ConfigError> {
    variables.section("Browser");
    Ok(BrowserSettings {
        executable: variables.optional(
            "BROWSER_EXECUTABLE",
            "/usr/bin/chromium",
            path(),
            "The Chromium to use. Default: chromium-headless-shell for headless runs, if it is on the PATH; else, and \
             for headful runs, the first of chromium, chromium-browser, google-chrome-stable, google-chrome, chrome.",
        )?,
        // Refers to this executable even after an upgrade has replaced or removed its file.
        warden: "/proc/self/exe".into(),
        profile_root: variables
            .optional(
                "PROFILE_ROOT",
                "/tmp",
                path(),
                "Where profile folders are created. At start, those of a killed service are removed. Default: the \
                 system's temporary folder.",
            )?
            .unwrap_or_else(std::env::temp_dir),
        sandbox: variables.read(
            "BROWSER_SANDBOX",
            "auto",
            choice([("auto", SandboxMode::Auto), ("on", SandboxMode::On), ("off", SandboxMode::Off)]),
            "Chromium's own sandbox; `auto`: if the host allows it (not as root, and with user namespaces or the \
             setuid helper).",
        )?,
        start_ahead: true,
        launch_timeout: variables.read(
            "BROWSER_LAUNCH_TIMEOUT",
            "20s",
            nonzero_duration(),
            "Time from launching Chromium to its first answer.",
        )?,
        command_timeout: variables.read(
            "BROWSER_COMMAND_TIMEOUT",
            "15s",
            nonzero_duration(),
            "Time for one DevTools command.",
        )?,
        navigation_timeout: variables.read(
            "BROWSER_NAVIGATION_TIMEOUT",
            "30s",
            nonzero_duration(),
            "Time from requesting a URL to the first byte of its document.",
        )?,
        observe_timeout: variables.read(
            "BROWSER_OBSERVE_TIMEOUT",
            "10s",
            nonzero_duration(),
            "Time for reading a page.",
        )?,
        dialog_timeout: variables.read(
            "BROWSER_DIALOG_TIMEOUT",
            "60s",
            nonzero_duration(),
            "How long a dialog waits for the model before it is dismissed.",
        )?,
        settle: SettleSettings {
            idle: Duration::from_millis(50),
            same_site: variables.read(
                "BROWSER_SETTLE_SAME_SITE_TIMEOUT",
                "3s",
                duration(),
                "How long to wait for the effects of an action that stays on the same site.",
            )?,
            new_site: variables.read(
                "BROWSER_SETTLE_NEW_SITE_TIMEOUT",
                "8s",
                duration(),
                "The same, for an action that opens another site.",
            )?,
        },
        download_wait: variables.read(
            "BROWSER_DOWNLOAD_WAIT",
            "10s",
            duration(),
            "How long an action waits for the download that it started.",
        )?,
        max_age: variables.read(
            "BROWSER_MAX_AGE",
            "1h",
            nonzero_duration(),
            "A shared browser older than this is replaced once its runs end.",
        )?,
        max_memory: variables.read(
            "BROWSER_MAX_MEMORY",
            "2GiB",
            size(64 << 20..=1 << 50),
            "A shared browser that uses more than this is replaced once its runs end.",
        )?,
        max_contexts: 200,
        max_process_cpu: Duration::from_secs(45),
        renderers: RendererLimits {
            memory: variables.read(
                "RENDERER_MAX_MEMORY",
                "1GiB",
                size(64 << 20..=1 << 50),
                "Memory of one page; a larger one is killed.",
            )?,
            cpu: variables.read(
                "RENDERER_MAX_CPU",
                "50s",
                nonzero_duration(),
                "CPU time of one page within any minute; a page that uses more is killed.",
            )?,
        },
        max_tabs: 20,
        max_dialogs: 50,
        max_screenshot_bytes: 4 << 20,
        screenshot_marks: variables.read(
            "SCREENSHOT_MARKS",
            "false",
            flag(),
            "Whether screenshots show each element's box and index. They are PNG then, whatever format was requested.",
        )?,
        view_token_budget: variables.read(
            "BROWSER_VIEW_TOKENS",
            "8000",
            integer(200..=200_000),
            "Tokens of page text per prompt.",
        )?,
        files: files(variables)?,
        network: network(variables)?,
    })
}

fn files(variables: &mut Variables) -> Result<FileLimits, ConfigError> {
    Ok(FileLimits {
        count: variables.read("RUN_MAX_FILES", "20", integer(0..=10_000), "Files that a run may download and save.")?,
        file_bytes: variables.read("RUN_MAX_FILE_BYTES", "50MiB", size(0..=1 << 40), "Size of one such file.")?,
        run_bytes: variables.read("RUN_MAX_FILES_BYTES", "200MiB", size(0..=1 << 40), "Size of all such files.")?,
    })
}

fn network(variables: &mut Variables) -> Result<NetworkLimits, ConfigError> {
    Ok(NetworkLimits {
        connections: variables.read(
            "RUN_MAX_CONNECTIONS",
            "100",
            integer(1..=10_000),
            "Maximum number of network connections of a run. Further ones wait.",
        )?,
        bytes: variables.read(
            "RUN_MAX_NETWORK_BYTES",
            "1GiB",
            size(1 << 10..=1 << 50),
            "Bytes that a run may send and receive, together.",
        )?,
        // Chromium's own limit.
        redirects: 20,
    })
}

pub(super) fn policy(variables: &mut Variables) -> Result<UrlPolicy, ConfigError> {
    variables.section("URL policy");
    let private_hosts = variables.optional(
        "BROWSER_USE_PRIVATE_HOSTS",
        "intranet.example,10.0.0.7:8080",
        Form::new("a comma-separated list of host, host:port or *", |raw| HostPattern::parse_list(raw).ok()),
        "Hosts that runs may reach although they are loopback, private or link-local; `*` for all. Default: none.",
    )?;
    Ok(UrlPolicy::new(private_hosts.unwrap_or_default()).narrowed(&DomainRules {
        allowed: variables.optional(
            "BROWSER_USE_ALLOWED_DOMAINS",
            "example.com,*.example.org:8443",
            domains(),
            "The only domains that runs may reach: `example.com` with its subdomains, `*.example.com` only those, or \
             an address, each with or without a port. Requests can only narrow them. Opens no private address. \
             Default: all.",
        )?,
        blocked: variables
            .optional(
                "BROWSER_USE_BLOCKED_DOMAINS",
                "ads.example.com",
                domains(),
                "Domains that runs may not reach. Default: none.",
            )?
            .unwrap_or_default(),
    }))
}

fn domains() -> Form<Arc<[DomainPattern]>> {
    let expected = format!("a comma-separated list of at most {} domains", DomainPattern::MAX);
    Form::new(expected, |raw| Some(DomainPattern::parse_list(raw).ok()?.into()))
}
