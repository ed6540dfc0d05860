//! What models support, by provider and model family.

/// How requests to a model are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Capabilities {
    pub(crate) output: OutputMode,
    pub(crate) temperature: bool,
    pub(crate) images: bool,
    pub(crate) limit: OutputLimit,
    pub(crate) streaming: Streaming,
}

/// How a model is made to follow the JSON schema of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutputMode {
    JsonSchema,
    /// A tool that the model must call.
    ForcedTool,
    /// A tool that the prompt asks the model to call.
    OfferedTool,
    /// Any JSON object; the prompt contains the schema.
    JsonMode,
    /// Only the prompt.
    Prompt,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutputLimit {
    /// OpenAI's newer field.
    MaxCompletionTokens,
    /// `max_tokens`, or the API's own name for it.
    MaxTokens,
    /// None, or the lowest where the API requires one.
    Minimal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Streaming {
    /// Server-sent events, with token counts on request.
    EventsWithUsage,
    Events,
    /// JSON Lines.
    Lines,
    Off,
}

/// A part of a request that a server may reject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Feature {
    Output,
    Temperature,
    Images,
    Limit,
    Streaming,
}

impl Capabilities {
    /// The next best request once a server has rejected `feature`; `None` if there is none without it.
    pub(crate) fn without(mut self, feature: Feature) -> Option<Self> {
        match feature {
            Feature::Output => {
                self.output = match self.output {
                    OutputMode::JsonSchema => OutputMode::JsonMode,
                    OutputMode::ForcedTool => OutputMode::OfferedTool,
                    OutputMode::OfferedTool | OutputMode::JsonMode => OutputMode::Prompt,
                    OutputMode::Prompt => return None,
                }
            }
            Feature::Temperature => self.temperature = self.temperature.then_some(false)?,
            Feature::Images => self.images = self.images.then_some(false)?,
            Feature::Limit => {
                self.limit = match self.limit {
                    OutputLimit::MaxCompletionTokens => OutputLimit::MaxTokens,
                    OutputLimit::MaxTokens => OutputLimit::Minimal,
                    OutputLimit::Minimal => return None,
                }
            }
            Feature::Streaming => {
                self.streaming = match self.streaming {
                    Streaming::EventsWithUsage => Streaming::Events,
                    Streaming::Events => Streaming::Off,
                    Streaming::Lines | Streaming::Off => return None,
                }
            }
        }
        Some(self)
    }

    /// How a feature is used, for notices and the documentation; empty if it is not.
    pub(crate) fn describe(self, feature: Feature) -> &'static str {
        match feature {
            Feature::Output => match self.output {
                OutputMode::JsonSchema => "JSON schemas",
                OutputMode::ForcedTool => "forced tool calls",
                OutputMode::OfferedTool => "offered tools",
                OutputMode::JsonMode => "JSON mode",
                OutputMode::Prompt => "the schema in the prompt",
            },
            Feature::Temperature if self.temperature => "temperature",
            Feature::Images if self.images => "images",
            Feature::Temperature | Feature::Images => "",
            Feature::Limit => match self.limit {
                OutputLimit::MaxCompletionTokens => "max_completion_tokens",
                OutputLimit::MaxTokens => "max_tokens",
                OutputLimit::Minimal => "a minimal output limit",
            },
            Feature::Streaming => match self.streaming {
                Streaming::EventsWithUsage => "streaming with usage",
                Streaming::Events => "streaming",
                Streaming::Lines => "JSON Lines",
                Streaming::Off => "",
            },
        }
    }
}

/// The models whose names begin with one of the prefixes.
pub(crate) struct Family {
    /// In lower case. The empty prefix stands for all other models of the provider.
    pub(crate) prefixes: &'static [&'static str],
    pub(crate) supports: Capabilities,
}

impl Family {
    /// What a model supports according to the longest prefix of its name. The name may begin with a vendor, as in
    /// `openai/gpt-4o`, or with `ft:`.
    pub(crate) fn capabilities(families: &[Self], model: &str) -> Capabilities {
        let full = model.to_lowercase();
        let bare = full.rsplit('/').next().unwrap_or_default();
        let names = [&full, bare, bare.trim_start_matches("ft:")];
        let rows = families.iter().flat_map(|family| family.prefixes.iter().map(|prefix| (prefix, family.supports)));
        let matching = rows.filter(|(prefix, _)| names.iter().any(|name| name.starts_with(**prefix)));
        matching.max_by_key(|(prefix, _)| prefix.len()).expect("each table has a row for all other models").1
    }
}

/// The feature whose field, out of `fields`, a text mentions first.
pub(crate) fn mentioned(text: &str, fields: &[(&str, Feature)]) -> Option<Feature> {
    let mut words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.find_map(|word| fields.iter().find(|(field, _)| *field == word).map(|(_, feature)| *feature))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::PROTOCOLS;
    use crate::{anthropic, gemini, openai};

    /// The table as docs/MODELS.md shows it.
    fn table() -> String {
        let mut lines = vec![
            "| provider | models | structured output | temperature | images | output limit | streaming |".to_owned(),
            "| --- | --- | --- | --- | --- | --- | --- |".to_owned(),
        ];
        for protocol in PROTOCOLS {
            for Family { prefixes, supports } in protocol.families {
                let models = prefixes.iter().map(|prefix| match *prefix {
                    "" => "others".to_owned(),
                    prefix => format!("`{prefix}…`"),
                });
                let models = models.collect::<Vec<_>>().join(", ");
                let yes = |feature| if supports.describe(feature).is_empty() { "no" } else { "yes" };
                lines.push(format!(
                    "| `{}` | {models} | {} | {} | {} | {} | {} |",
                    protocol.provider.name(),
                    supports.describe(Feature::Output),
                    yes(Feature::Temperature),
                    yes(Feature::Images),
                    supports.describe(Feature::Limit),
                    supports.describe(Feature::Streaming),
                ));
            }
        }
        lines.join("\n") + "\n"
    }

    #[test]
    fn the_documentation_has_the_table() {
        let docs = include_str!("../../../docs/MODELS.md");
        assert!(docs.contains(&table()), "docs/MODELS.md needs this table:\n\n{}", table());
    }

    #[test]
    fn each_table_has_a_row_for_all_other_models_and_no_prefix_twice() {
        for protocol in PROTOCOLS {
            let mut prefixes: Vec<_> = protocol.families.iter().flat_map(|family| family.prefixes).collect();
            assert!(prefixes.contains(&&""));
            prefixes.sort_unstable();
            assert!(prefixes.windows(2).all(|pair| pair[0] != pair[1]), "{prefixes:?}");
        }
    }

    #[test]
    fn the_longest_prefix_wins_and_vendors_are_ignored() {
        let openai = |model| Family::capabilities(openai::PROTOCOL.families, model);
        assert!(!openai("gpt-5.2").temperature && openai("gpt-5-chat-latest").temperature);
        assert_eq!(openai("gpt-4-0613").output, OutputMode::ForcedTool);
        for model in ["gpt-4.1-mini", "openai/gpt-4.1", "GPT-4o", "ft:gpt-4o-mini:org::1"] {
            assert_eq!(openai(model).output, OutputMode::JsonSchema, "{model}");
            assert_eq!(openai(model).limit, OutputLimit::MaxCompletionTokens, "{model}");
        }
        assert_eq!(openai("deepseek/deepseek-chat").output, OutputMode::JsonMode);
        assert_eq!(openai("qwen3-32b"), openai("somebody/anything"));
        assert_eq!(openai("qwen3-32b").limit, OutputLimit::MaxTokens);
        assert_eq!(openai("mistral-large-latest").streaming, Streaming::Events);
        assert_eq!(openai("mistralai/Mistral-Small-3.2").streaming, Streaming::EventsWithUsage);

        let anthropic = |model| Family::capabilities(anthropic::PROTOCOL.families, model);
        assert_eq!(anthropic("claude-sonnet-4-5").output, OutputMode::ForcedTool);
        assert_eq!(anthropic("claude-sonnet-5-5").output, OutputMode::OfferedTool);
        assert!(anthropic("claude-opus-4-6").temperature && !anthropic("claude-opus-4-7").temperature);
        assert!(!anthropic("claude-of-the-future").temperature);

        let gemini = |model| Family::capabilities(gemini::PROTOCOL.families, model);
        assert_eq!(gemini("gemini-flash-latest").output, OutputMode::JsonSchema);
    }
}
