//! Presses keys at the focused element.

use chromiumoxide_cdp::cdp::browser_protocol::input::InsertTextParams;

use super::chord::{Chord, Key, event, parse};
use super::executor::{Executor, reject};
use super::input::MAX_KEYS;
use super::outcome::delivered;
use super::page_diff::Input;
use super::text::clip;
use agent::ports::{ActionError, ActionOutcome};

impl Executor<'_> {
    pub(super) async fn send_keys(&self, keys: &str) -> Result<ActionOutcome, ActionError> {
        let mut before = self.start_action().await?;
        before.expects_change = true;
        self.press_keys(keys).await?;
        // Text that no key makes is inserted without one.
        before.input =
            parse(keys).ok().filter(|it| it.iter().any(|chord| !matches!(chord.key, Key::Text(_)))).map(|_| Input::Key);
        self.settle(format!("Press {}", clip(keys, 80)), &before).await
    }

    /// Types at whatever has the focus, as a keyboard does.
    pub(super) async fn type_text(&self, text: &str) -> Result<ActionOutcome, ActionError> {
        if text.chars().count() > MAX_KEYS {
            reject!("at most {MAX_KEYS} characters are typed at the focus; use `input` with the field's index");
        }
        let mut before = self.start_action().await?;
        before.expects_change = true;
        self.type_keys(text).await?;
        self.settle(format!("Type '{}'", clip(text, 80)), &before).await
    }

    /// Presses keys without settling.
    pub(super) async fn press_keys(&self, keys: &str) -> Result<(), ActionError> {
        self.press_chords(&parse(keys).map_err(ActionError::NotPossible)?).await
    }

    /// Types a text key by key.
    pub(super) async fn type_keys(&self, text: &str) -> Result<(), ActionError> {
        let chords: Vec<Chord> =
            text.chars().map(|character| Chord { modifiers: 0, key: Key::of(character) }).collect();
        self.press_chords(&chords).await
    }

    async fn press_chords(&self, chords: &[Chord]) -> Result<(), ActionError> {
        let session = self.active()?.session;
        let uses_clipboard = chords.iter().any(Chord::uses_clipboard);
        if uses_clipboard {
            self.offer_clipboard().await?;
        }
        // Pipelined; Chromium keeps their order.
        let mut sent = Vec::new();
        for chord in chords {
            if let Key::Text(text) = &chord.key {
                delivered(session.call(InsertTextParams::new(text)).await)?;
                continue;
            }
            sent.push(session.call(event(chord, true)));
            sent.push(session.call(event(chord, false)));
        }
        for reply in sent {
            delivered(reply.await)?;
        }
        if uses_clipboard {
            self.collect_clipboard().await;
        }
        Ok(())
    }
}
