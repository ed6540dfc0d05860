//! Which actions wait for a person's consent.

use strum::VariantNames as _;

use crate::action::Action;
use crate::locator::Locator;
use crate::observation::{Element, Observation};

/// Words on what pays, orders, sends, publishes, deletes or binds otherwise: English, German, French, Spanish,
/// Portuguese, Italian, Dutch, Polish, Russian. A word of a label that begins with one of those of five letters and more
/// counts, shorter ones have to be the whole word.
const WORDS: &[&str] = &[
    "pay",
    "buy",
    "order",
    "purchase",
    "checkout",
    "subscribe",
    "unsubscribe",
    "donate",
    "book",
    "reserve",
    "submit",
    "send",
    "post",
    "publish",
    "transfer",
    "confirm",
    "sign",
    "accept",
    "agree",
    "approve",
    "authorize",
    "delete",
    "remove",
    "erase",
    "destroy",
    "terminate",
    "deactivate",
    "bid", // English
    "bezahl",
    "zahlen",
    "kaufen",
    "bestell",
    "buchen",
    "reservier",
    "spenden",
    "abonnier",
    "überweis",
    "absenden",
    "abschicken",
    "senden",
    "veröffentlich",
    "bestätig",
    "unterschreib",
    "zustimmen",
    "akzeptier",
    "lösch",
    "entfern",
    "kündig",
    "stornier", // German
    "payer",
    "achet",
    "command",
    "réserv",
    "envoyer",
    "soumettre",
    "publier",
    "confirmer",
    "valider",
    "accepter",
    "signer",
    "supprimer",
    "effacer",
    "résilier", // French
    "pagar",
    "comprar",
    "pedir",
    "reservar",
    "enviar",
    "publicar",
    "confirmar",
    "aceptar",
    "firmar",
    "eliminar",
    "borrar",
    "suscrib", // Spanish
    "encomendar",
    "aceitar",
    "assinar",
    "excluir",
    "apagar",
    "remover", // Portuguese
    "paga",
    "acquist",
    "compra",
    "ordina",
    "prenota",
    "invia",
    "pubblica",
    "conferma",
    "accetta",
    "elimina",
    "cancella", // Italian
    "betal",
    "koop",
    "kopen",
    "bestel",
    "boeken",
    "verzend",
    "verstuur",
    "plaats",
    "bevestig",
    "verwijder", // Dutch
    "zapłać",
    "kup",
    "zamów",
    "wyślij",
    "opublikuj",
    "potwierdź",
    "usuń", // Polish
    "оплат",
    "купить",
    "заказ",
    "отправ",
    "опублик",
    "подтверд",
    "удалить", // Russian
];

/// The same in Chinese, Japanese and Korean, anywhere in a label.
const PARTS: &[&str] = &[
    "支付",
    "付款",
    "购买",
    "購買",
    "下单",
    "下單",
    "提交",
    "发送",
    "發送",
    "发布",
    "發布",
    "确认",
    "確認",
    "删除",
    "刪除",
    "購入",
    "注文",
    "支払",
    "送信",
    "投稿",
    "確定",
    "削除",
    "결제",
    "구매",
    "주문",
    "제출",
    "보내기",
    "게시",
    "확인",
    "삭제",
];

/// What a person is asked about before it is done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfirmActions {
    /// Names of actions.
    names: Vec<&'static str>,
    risky: bool,
}

impl ConfirmActions {
    /// Instead of a name: what submits, pays, deletes or sends, by its label.
    pub const RISKY: &str = "risky";

    /// Adds the name of an action, or [`RISKY`](Self::RISKY); false if there is no such action.
    #[must_use]
    pub fn add(&mut self, name: &str) -> bool {
        if name == Self::RISKY {
            self.risky = true;
            return true;
        }
        let known = Action::VARIANTS.iter().find(|known| **known == name && !matches!(**known, "ask" | "done"));
        self.names.extend(known);
        known.is_some()
    }

    /// Whether an action needs consent on this page.
    pub(crate) fn include(&self, action: &Action, page: &Observation) -> bool {
        self.names.contains(&action.name()) || self.risky && is_risky(action, page)
    }
}

/// What submits, pays, deletes or sends. What it works on counts as such where that cannot be seen.
fn is_risky(action: &Action, page: &Observation) -> bool {
    let element = |locator: &Locator| locator.index().and_then(|index| page.view.element(index));
    match action {
        Action::Click { index: Some(locator), .. } => {
            element(locator).is_none_or(|element| !is_field(element) && is_risky_label(&element.name))
        }
        // A point may be anything, and so may a page's script.
        Action::Click { index: None, .. } | Action::Evaluate { .. } => true,
        Action::Input { index, submit: Some(true), .. } => element(index).is_none_or(|element| !is_search(element)),
        Action::SendKeys { keys, index } => {
            let submits = keys.split_whitespace().any(|key| key.to_lowercase().ends_with("enter"));
            submits && index.as_ref().and_then(element).is_none_or(|element| !is_search(element))
        }
        Action::Type { text } => text.contains('\n'),
        Action::AnswerDialog { accept: true, .. } => {
            page.dialog.as_ref().is_none_or(|dialog| is_risky_label(&dialog.message))
        }
        _ => false,
    }
}

fn is_field(element: &Element) -> bool {
    matches!(element.role.as_str(), "textbox" | "searchbox" | "combobox" | "listbox" | "option" | "tab" | "slider")
}

fn is_search(element: &Element) -> bool {
    element.role == "searchbox" || element.input_type == "search"
}

/// Whether a label says that more than the page changes.
fn is_risky_label(label: &str) -> bool {
    let label = label.to_lowercase();
    let is_word =
        |word: &str| WORDS.iter().any(|risky| word == *risky || risky.chars().count() >= 5 && word.starts_with(risky));
    PARTS.iter().any(|part| label.contains(part)) || label.split(|c: char| !c.is_alphanumeric()).any(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::{ElementIndex, PageView};

    fn page(role: &str, name: &str) -> Observation {
        let element = Element { index: ElementIndex(1), role: role.into(), name: name.into(), ..Element::default() };
        Observation { view: PageView { elements: vec![element], ..PageView::default() }, ..Observation::default() }
    }

    #[test]
    fn labels_that_bind_are_risky_in_several_languages() {
        for label in [
            "Pay now",
            "Place order",
            "Delete account",
            "Send",
            "SUBMIT",
            "Jetzt kaufen",
            "Zahlungspflichtig bestellen",
            "Konto löschen",
            "Commander",
            "Enviar mensaje",
            "Acquista ora",
            "Bestelling plaatsen",
            "Usuń konto",
            "Оплатить",
            "立即购买",
            "注文を確定する",
            "결제하기",
        ] {
            assert!(is_risky(&Action::click(ElementIndex(1)), &page("button", label)), "{label}");
        }
        for label in
            ["Add to cart", "Next", "Search", "Paypal", "Details", "Weiter", "Suivant", "次へ", "Signature dishes", ""]
        {
            assert!(!is_risky(&Action::click(ElementIndex(1)), &page("button", label)), "{label}");
        }
    }

    #[test]
    fn what_cannot_be_seen_is_risky_and_a_search_is_not() {
        let search = page("searchbox", "Find");
        let input = |submit| Action::Input { index: ElementIndex(1).into(), text: "x".into(), clear: None, submit };
        assert!(is_risky(&Action::click(ElementIndex(9)), &search), "an unknown element");
        assert!(!is_risky(&input(Some(true)), &search) && is_risky(&input(Some(true)), &page("textbox", "Name")));
        assert!(!is_risky(&input(None), &page("textbox", "Name")));
        assert!(is_risky(&Action::keys("Tab Enter"), &search) && !is_risky(&Action::keys("Tab"), &search));
        assert!(!is_risky(&Action::click(ElementIndex(1)), &page("textbox", "Send to")), "a field");
    }

    #[test]
    fn names_are_those_of_actions() {
        let mut confirm = ConfirmActions::default();
        assert!(confirm.add("navigate") && confirm.add("risky"));
        assert!(!confirm.add("done") && !confirm.add("pay") && !confirm.add(""));
        let url = "https://a.example".to_owned();
        assert!(confirm.include(&Action::Navigate { url, new_tab: None }, &Observation::default()));
        assert!(!confirm.include(&Action::GoBack {}, &Observation::default()));
    }
}
