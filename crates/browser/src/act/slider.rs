//! Sets sliders that pages draw themselves: they hear keys only.

use serde::Deserialize;
use serde_json::json;

use super::executor::{Executor, Target, reject};
use super::text::clip;
use agent::ports::ActionError;

/// Most steps of an arrow key.
const MAX_STEPS: f64 = 300.0;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Slider {
    now: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
}

impl Executor<'_> {
    /// Sets a slider with arrow keys, by the step that the first one makes. Returns a note if it holds another value.
    pub(super) async fn slide(&self, target: &Target, text: &str) -> Result<Option<String>, ActionError> {
        let index = &target.index;
        let Some(wanted) = text.trim().parse::<f64>().ok().filter(|wanted| wanted.is_finite()) else {
            reject!("element {index} is a slider, it takes a number");
        };
        let Slider { now: Some(start), min, max } = self.slider(target).await? else {
            reject!("element {index} does not tell its value; press arrow keys at it");
        };
        if min.is_some_and(|min| wanted < min) || max.is_some_and(|max| wanted > max) {
            let bound = |bound: Option<f64>| bound.map_or_else(|| "?".to_owned(), |bound| bound.to_string());
            reject!("element {index} takes a number from {} to {}", bound(min), bound(max));
        }
        if !self.focus(target, false).await?.focused {
            reject!("element {index} does not take the focus");
        }
        let mut now = start;
        if now != wanted {
            let (on, back) = if wanted > now { ("ArrowRight", "ArrowLeft") } else { ("ArrowLeft", "ArrowRight") };
            now = self.slide_by(target, on, 1.0).await?;
            let step = (now - start).abs();
            let steps = if step > 0.0 { ((wanted - now).abs() / step).round() } else { 0.0 };
            let is_past = (wanted > start) != (wanted > now);
            if steps > 0.0 && steps <= MAX_STEPS {
                now = self.slide_by(target, if is_past { back } else { on }, steps).await?;
            }
        }
        let holds = now.to_string();
        Ok((now != wanted)
            .then(|| format!("the slider is at {}: set it with arrow keys, or drag it", clip(&holds, 20))))
    }

    async fn slide_by(&self, target: &Target, key: &str, steps: f64) -> Result<f64, ActionError> {
        let mut left = steps;
        while left >= 1.0 {
            let at_once = left.min(50.0);
            self.press_keys(&vec![key; at_once as usize].join(" ")).await?;
            left -= at_once;
        }
        Ok(self.slider(target).await?.now.unwrap_or(f64::NAN))
    }

    async fn slider(&self, target: &Target) -> Result<Slider, ActionError> {
        self.call_target(target, "sliderState", &json!({ "id": target.place.id })).await
    }
}
