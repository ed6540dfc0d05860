//! What the loop asks a person: questions of the model, consent to actions, and help with what only a person can pass.

use secrecy::ExposeSecret;
use url::Url;

use super::state::AgentLoop;
use crate::action::Action;
use crate::asking::{Answer, CONSENT, InputKind, Question};
use crate::control::Instruction;
use crate::observation::{Blocker, BlockerKind, Observation};
use crate::ports::{ActionError, ActionOutcome};
use crate::secrets::{OriginPattern, SecretValue};
use crate::text::{one_line, shorten};

/// Longest prompt, in characters.
const MAX_PROMPT: usize = 2_000;
/// Longest option, in characters, and their number.
const MAX_OPTION: usize = 200;
const MAX_OPTIONS: usize = 20;
/// Longest URL in a prompt, in characters.
const MAX_URL: usize = 200;
/// How often a run asks by itself for help with blockers.
const MAX_HELP: u32 = 5;

/// Words in the names of fields for one-time codes.
const CODE_WORDS: [&str; 17] = [
    "one-time",
    "one time",
    "otp",
    "verification code",
    "security code",
    "authentication code",
    "authenticator",
    "2fa",
    "two-factor",
    "einmalcode",
    "bestätigungscode",
    "sicherheitscode",
    "code de vérification",
    "código de verificación",
    "codice di verifica",
    "验证码",
    "認証コード",
];

impl AgentLoop {
    /// Carries out `ask`.
    pub(super) async fn ask(
        &self,
        prompt: &str,
        options: Option<&[String]>,
        secret: bool,
    ) -> Result<ActionOutcome, ActionError> {
        let prompt = self.masked(&shorten(prompt.trim(), MAX_PROMPT));
        let not_possible = |why: String| Err(ActionError::NotPossible(why));
        let options = options.unwrap_or_default();
        if prompt.is_empty() {
            return not_possible("say in prompt what you ask".into());
        }
        if options.len() > MAX_OPTIONS
            || options.iter().any(|option| option.trim().is_empty() || option.len() > MAX_OPTION)
        {
            return not_possible(format!("at most {MAX_OPTIONS} options of 1 to {MAX_OPTION} bytes"));
        }
        let description = format!("Ask the user '{}'", one_line(&prompt, 80));
        let place = if secret { Some(self.origin()?) } else { None };
        let (kind, asked) = match &place {
            Some((_, origin)) => (InputKind::Secret, format!("{prompt}\n(It will be typed at {origin} only.)")),
            None => (InputKind::Question, prompt.clone()),
        };
        let options = if secret { Vec::new() } else { options.iter().map(|option| self.masked(option)).collect() };
        let answer = match self.put(kind, asked, options).await {
            Answer::Given(answer) => answer,
            Answer::Nobody => {
                self.control.tell(Instruction::Answered { prompt, answer: None });
                return Ok(ActionOutcome { description, effect: "nobody answered".into(), ..ActionOutcome::default() });
            }
            Answer::Withdrawn => return not_possible("the user replaced the task instead of answering".into()),
        };
        let told = match place {
            None => answer.expose_secret().to_owned(),
            Some((pattern, origin)) => {
                // It was read as a value before.
                let value = SecretValue::parse(answer.expose_secret());
                let added = value.ok().and_then(|value| self.task.secrets.add_asked(value, pattern).ok());
                let Some(name) = added else { return not_possible("no more secrets can be kept in this run".into()) };
                let name = name.as_str();
                format!(
                    "(a secret: write <secret>{name}</secret> in the text of input, at {origin} only; it is not shown)"
                )
            }
        };
        self.control.tell(Instruction::Answered { prompt, answer: Some(self.masked(&told)) });
        Ok(ActionOutcome { description, effect: "answered".into(), ..ActionOutcome::default() })
    }

    /// Asks for consent where the request wants that; returns why the action is not carried out.
    pub(super) async fn objection(&self, action: &Action) -> Option<String> {
        if !self.task.human.as_ref().is_some_and(|human| human.confirm.include(action, &self.observation)) {
            return None;
        }
        let what = action.describe(&self.observation.view);
        let prompt = self.masked(&format!("{what}? The page is {}.", one_line(&self.observation.url, MAX_URL)));
        let answer = self.put(InputKind::Confirm, prompt.clone(), CONSENT.map(str::to_owned).to_vec()).await;
        let (objection, told) = match answer {
            Answer::Given(answer) if answer.expose_secret() == CONSENT[0] => return None,
            Answer::Given(_) => ("the user said no", Some("No: do not do it.".to_owned())),
            Answer::Nobody => ("nobody gave consent", None),
            Answer::Withdrawn => return Some("the user replaced the task".into()),
        };
        self.control.tell(Instruction::Answered { prompt, answer: told });
        Some(format!("{objection} to: {what}"))
    }

    /// Asks a person to pass a human check that has just come up.
    pub(super) async fn ask_to_pass_check(&mut self) -> bool {
        let check = self.observation.blocker.clone().filter(|blocker| blocker.kind == BlockerKind::Captcha);
        let is_new = !std::mem::replace(&mut self.is_check_known, check.is_some());
        match check {
            Some(check) if is_new => self.ask_for_help(&check).await,
            _ => false,
        }
    }

    /// What only a person can pass on this page.
    pub(super) fn needs_person(&self) -> Option<Blocker> {
        let blocker = self.observation.blocker.clone();
        let blocker =
            blocker.filter(|blocker| matches!(blocker.kind, BlockerKind::Captcha | BlockerKind::LoginRequired));
        let asks_for_code =
            || Blocker { kind: BlockerKind::LoginRequired, message: "the page asks for a one-time code".into() };
        blocker.or_else(|| wants_code(&self.observation).then(asks_for_code))
    }

    /// Asks a person to deal with a blocker; false if nobody does, or it was asked too often.
    pub(super) async fn ask_for_help(&mut self, blocker: &Blocker) -> bool {
        if self.task.human.is_none() || self.helped >= MAX_HELP {
            return false;
        }
        self.helped += 1;
        let url = one_line(&self.observation.url, MAX_URL);
        let prompt = format!("{blocker}. Only a person can pass this: do so, or say how to go on. The page is {url}.");
        let prompt = self.masked(&shorten(&prompt, MAX_PROMPT));
        let answer = match self.put(InputKind::Takeover, prompt.clone(), Vec::new()).await {
            Answer::Given(answer) => Some(answer.expose_secret().to_owned()),
            Answer::Withdrawn => return true,
            Answer::Nobody => None,
        };
        let is_answered = answer.is_some();
        let answer = answer.map(|text| if text.is_empty() { "Done.".to_owned() } else { self.masked(&text) });
        if self.model.is_some() {
            self.control.tell(Instruction::Answered { prompt, answer });
        }
        is_answered
    }

    async fn put(&self, kind: InputKind, prompt: String, options: Vec<String>) -> Answer {
        let step = self.ledger.entries().tally.steps + 1;
        self.control.ask(Question { kind, prompt, options, step }).await
    }

    /// The origin of the page, where an answer is typed.
    fn origin(&self) -> Result<(OriginPattern, String), ActionError> {
        let origin =
            Url::parse(&self.observation.url).map(|url| url.origin().ascii_serialization()).unwrap_or_default();
        match origin.parse() {
            Ok(pattern) => Ok((pattern, origin)),
            Err(_) => Err(ActionError::NotPossible("open the page that needs the secret, then ask for it".into())),
        }
    }

    fn masked(&self, text: &str) -> String {
        self.task.secrets.masker().map_or_else(|| text.to_owned(), |masker| masker.mask(text).into_owned())
    }
}

/// Whether a page has a field for a one-time code.
fn wants_code(page: &Observation) -> bool {
    let mut fields = page.view.elements.iter().filter(|element| element.role == "textbox" && !element.disabled);
    fields.any(|field| {
        let label = format!("{} {}", field.name, field.placeholder).to_lowercase();
        CODE_WORDS.iter().any(|word| label.contains(word))
    })
}
