//! Environment variables. Reading one also declares it, so the generated documentation cannot drift from the code.

use std::collections::BTreeMap;

use super::ConfigError;
use super::form::Form;

/// One variable as the documentation shows it.
pub(super) struct Variable {
    pub(super) section: &'static str,
    pub(super) name: &'static str,
    pub(super) form: String,
    /// The default, or an example where there is none; empty for neither.
    pub(super) value: &'static str,
    pub(super) has_default: bool,
    pub(super) help: &'static str,
}

/// The variables of a process, and those declared by reading them, in order.
#[derive(Default)]
pub(super) struct Variables {
    values: BTreeMap<String, String>,
    section: &'static str,
    pub(super) declared: Vec<Variable>,
}

impl Variables {
    pub(super) fn new(values: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { values: values.into_iter().collect(), ..Self::default() }
    }

    /// Variables of the process, and those of `.env` that the process does not set. The process's own environment is
    /// not modified: that is unsound while other threads read it.
    pub(super) fn of_process() -> Result<Self, ConfigError> {
        let mut values = BTreeMap::new();
        match dotenvy::from_path_iter(".env") {
            Ok(entries) => {
                for entry in entries {
                    let (name, value) = entry.map_err(|error| unreadable(&error))?;
                    values.insert(name, value);
                }
            }
            Err(dotenvy::Error::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(unreadable(&error)),
        }
        for (name, value) in std::env::vars_os() {
            values.insert(name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned());
        }
        Ok(Self::new(values))
    }

    /// Starts a section of the documentation.
    pub(super) fn section(&mut self, title: &'static str) {
        self.section = title;
    }

    /// A variable with a default, which is parsed like any other value.
    pub(super) fn read<T>(
        &mut self,
        name: &'static str,
        default: &'static str,
        form: Form<T>,
        help: &'static str,
    ) -> Result<T, ConfigError> {
        self.declare(name, &form, default, true, help);
        form.parse(name, self.value(name).unwrap_or(default), default)
    }

    /// A variable without a default. The example is only shown.
    pub(super) fn optional<T>(
        &mut self,
        name: &'static str,
        example: &'static str,
        form: Form<T>,
        help: &'static str,
    ) -> Result<Option<T>, ConfigError> {
        self.declare(name, &form, example, false, help);
        self.value(name).map(|raw| form.parse(name, raw, example)).transpose()
    }

    /// None if unset or blank.
    fn value(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    fn declare<T>(
        &mut self,
        name: &'static str,
        form: &Form<T>,
        value: &'static str,
        has_default: bool,
        help: &'static str,
    ) {
        let form = form.expected.clone();
        self.declared.push(Variable { section: self.section, name, form, value, has_default, help });
    }
}

/// The error's own text would repeat the line, secrets included.
fn unreadable(error: &dotenvy::Error) -> ConfigError {
    let cause = match error {
        dotenvy::Error::LineParse(..) => "a line is not of the form NAME=value".to_owned(),
        dotenvy::Error::Io(error) => error.kind().to_string(),
        _ => "unknown cause".to_owned(),
    };
    ConfigError::DotEnv { cause }
}
