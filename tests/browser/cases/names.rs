//! Names of controls from slots, drawings, styles and files.

use super::tab_at;
use crate::support::run;

/// A custom element with slotted content.
fn component(shadow: &str, light: &str) -> String {
    format!("<x-part><template shadowrootmode=open>{shadow}</template>{light}</x-part>")
}

#[test]
fn slotted_text_names_its_control() {
    run(async {
        for (shadow, light, expected) in [
            ("<button><slot></slot></button>", "Terms", "<button />Terms"),
            ("<button><slot>Default</slot></button>", "", "<button />Default"),
            ("<a href=/conditions><slot></slot></a>", "Terms", "/conditions />Terms"),
            ("<button><slot name=label></slot></button>", "<b slot=label>Terms</b>", "<button />Terms"),
            ("<label><input type=checkbox><slot></slot></label>", "Terms", "<checkbox />Terms"),
            ("<label for=box><slot></slot></label><input type=checkbox id=box>", "Terms", "<checkbox />Terms"),
            (
                "<button><slot></slot></button>",
                "<x-text><template shadowrootmode=open>Ter<slot></slot></template>ms</x-text>",
                "<button />Terms",
            ),
        ] {
            let (site, tab) =
                tab_at(&format!("{}<script>onclick = () => tell('pressed')</script>", component(shadow, light))).await;
            let text = tab.text().await;
            // A checkbox may be described by its tag and type or by its role.
            let line = text.replace("<input type=checkbox />", "<checkbox />");
            assert!(line.contains(expected), "{shadow} with {light}:\n{text}");
            tab.click(expected.split("/>").last().unwrap()).await.unwrap();
            site.hears("pressed").await;
            tab.close().await;
        }
    });
}

/// Controls, and what their lines in the view must contain.
async fn are_named(styles: &str, controls: &[(&str, &str)]) {
    let body: String = controls.iter().map(|(html, _)| format!("<p>{html}</p>")).collect();
    let (_site, tab) = tab_at(&format!("<style>{styles}</style>{body}")).await;
    let text = tab.text().await;
    let missing: Vec<_> = controls
        .iter()
        .filter(|(_, words)| {
            !text
                .lines()
                .any(|line| line.contains("/>") && line.contains(words) || line.contains(&format!("icon={words}")))
        })
        .collect();
    assert_eq!(missing, [&("", ""); 0], "{text}");
    tab.close().await;
}

#[test]
fn drawings_name_their_controls() {
    run(are_named(
        "",
        &[
            ("<button><svg width=16 height=16><title>Archive</title><path d='M0 0h16v16z'/></svg></button>", "Archive"),
            (
                "<button><svg width=16 height=16 role=img aria-label=Bookmark><path d='M0 0h16v16z'/></svg></button>",
                "Bookmark",
            ),
            (
                "<button><svg width=16 height=16 role=img aria-labelledby=t><title id=t>Compare</title><path d='M0 0h16v16z'/></svg></button>",
                "Compare",
            ),
            (
                "<button><svg width=16 height=16><g><title>Dismiss</title><path d='M0 0h16v16z'/></g></svg></button>",
                "Dismiss",
            ),
            (
                "<button><span role=img aria-label=Export style='display: inline-block; width: 16px; height: 16px'></span></button>",
                "Export",
            ),
            (
                "<button><span role=img title=Filter style='display: inline-block; width: 16px; height: 16px'></span></button>",
                "Filter",
            ),
            (
                "<span role=img aria-label=Gather tabindex=0 onclick='1' style='display: inline-block; width: 16px; height: 16px'></span>",
                "Gather",
            ),
        ],
    ));
}

#[test]
fn generated_content_names_its_control() {
    run(are_named(
        ".save::before { content: 'Save all' } .undo::after { content: 'Undo last' } .alt::before { content: '\\e901' / 'Print it' }",
        &[
            ("<button class=save></button>", "Save all"),
            ("<button><i class=undo></i></button>", "Undo last"),
            ("<button><i class=alt></i></button>", "Print it"),
        ],
    ));
}

#[test]
fn an_icon_is_reported_if_there_is_no_name() {
    let blank = "button { width: 32px; height: 32px } i { display: inline-block; width: 16px; height: 16px } ";
    let styles = format!(
        "{blank}.ico-trash::before {{ content: '\\e900' }} .q1 {{ background: url(/img/printer.svg) }} \
         .q2 {{ -webkit-mask: url(/img/funnel.svg); mask: url(/img/funnel.svg); background: #333 }} \
         .q3::before {{ content: url(/img/bell.svg) }} .q4::after {{ content: ''; position: absolute; width: 16px; height: 16px; \
         background: url(/img/lock.svg) }} .q5::before {{ content: '\\2715' }}"
    );
    run(async move {
        are_named(
            &styles,
            &[
                ("<button><i class=ico-trash></i></button>", "trash"),
                ("<button><i class=q1></i></button>", "printer"),
                ("<button><i class=q2></i></button>", "funnel"),
                ("<button><i class=q3></i></button>", "bell"),
                ("<button class=q4></button>", "lock"),
                ("<button><i class=q5></i></button>", "✕"),
                (
                    "<button><svg width=16 height=16><use href='/sprite.svg#paperclip'></use></svg></button>",
                    "paperclip",
                ),
                ("<button><svg width=16 height=16><use xlink:href='#star'></use></svg></button>", "star"),
                ("<button id=btn-refresh></button>", "refresh"),
            ],
        )
        .await;
    });
}
