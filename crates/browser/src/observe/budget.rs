//! Selects the lines that fit the budget.

use super::flat_page::{Line, Piece};

/// Items shown of a list outside the viewport, once the page takes more than half of the budget. Below that, folding
/// would save few tokens and cost the agent a step.
const ITEMS_BEYOND: usize = 20;
/// Items shown of a list in the viewport: the first of these that fits.
const ITEMS_WITHIN: [usize; 6] = [usize::MAX, 60, 30, 15, 8, 4];
/// Items shown of a palette, whose entries differ by nothing but their colour.
const COLOURS_WITHIN: usize = 40;
/// Maximum tokens of a note about omitted lines.
pub(super) const NOTE: usize = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Shown,
    /// Omitted as one of many similar list items.
    Folded,
    /// Omitted for lack of room.
    Cut,
}

/// Selects lines within `budget` tokens, nearest the viewport first, then in reading order. A line is shown only with
/// its parents.
pub(super) fn choose(lines: &[Line], groups: usize, budget: usize) -> Vec<Fate> {
    let order = by_distance(lines);
    let beyond =
        if lines.iter().map(|line| line.tokens).sum::<usize>() > budget / 2 { ITEMS_BEYOND } else { usize::MAX };
    let within: usize = lines.iter().filter(|line| line.distance == 0 || line.is_header).map(|line| line.tokens).sum();
    let mut fates = Vec::new();
    for limit in ITEMS_WITHIN {
        fates = fold(lines, &order, groups, (limit, beyond));
        // Folding makes room in the viewport; other lines are cut by distance.
        let shown = |(line, fate): (&Line, &Fate)| (*fate == Fate::Shown && line.distance == 0).then_some(line.tokens);
        if within <= budget || lines.iter().zip(&fates).filter_map(shown).sum::<usize>() <= budget {
            break;
        }
    }
    let mut left = budget;
    let mut is_paid = vec![false; lines.len()];
    let mut is_full = false;
    for &at in &order {
        if fates[at] != Fate::Shown || lines[at].is_header {
            continue;
        }
        // The line and its parents.
        let chain = || std::iter::successors(Some(at), |line| lines[*line].parent);
        let price: usize = chain().filter(|line| !is_paid[*line]).map(|line| lines[line].tokens).sum();
        if is_full || price > left {
            // Nearer lines have priority.
            is_full = true;
            fates[at] = Fate::Cut;
            continue;
        }
        left -= price;
        for line in chain() {
            is_paid[line] = true;
        }
    }
    for (line, fate) in fates.iter_mut().enumerate() {
        if is_paid[line] {
            *fate = Fate::Shown;
        } else if *fate == Fate::Shown {
            *fate = Fate::Cut;
        }
    }
    fates
}

/// Folds the items of each list beyond the limit, the most distant first (`within`: in the viewport, `beyond`:
/// outside).
fn fold(lines: &[Line], order: &[usize], groups: usize, (within, beyond): (usize, usize)) -> Vec<Fate> {
    let mut fates = vec![Fate::Shown; lines.len()];
    // Per list: items shown in and outside the viewport.
    let mut admitted = vec![(0_usize, 0_usize); groups];
    let mut known: std::collections::HashMap<(usize, u32), Fate> = std::collections::HashMap::new();
    for &at in order {
        let line = &lines[at];
        let Some(item) = line.group.filter(|_| !line.is_header) else { continue };
        fates[at] = *known.entry(item).or_insert_with(|| {
            let (in_sight, out_of_sight) = &mut admitted[item.0];
            let within = if is_colour(line) { within.min(COLOURS_WITHIN) } else { within };
            let (count, limit) = if line.distance == 0 { (in_sight, within) } else { (out_of_sight, beyond) };
            *count += 1;
            if *count > limit { Fate::Folded } else { Fate::Shown }
        });
    }
    fates
}

/// Whether a line is a control of which only the colour is known.
pub(super) fn is_colour(line: &Line) -> bool {
    match line.pieces.as_slice() {
        [Piece::Control(_, text)] => {
            text.ends_with(" />") && text.contains(" colour=") && !text.contains(" state=") && !text.contains(" icon=")
        }
        _ => false,
    }
}

/// Line numbers by distance, then in reading order; a counting sort over bands of pixels.
fn by_distance(lines: &[Line]) -> Vec<usize> {
    const BAND: u32 = 32;
    const BANDS: usize = 256;
    let band = |line: &Line| (line.distance.div_ceil(BAND) as usize).min(BANDS - 1);
    let mut bands: Vec<Vec<usize>> = vec![Vec::new(); BANDS];
    for (at, line) in lines.iter().enumerate() {
        bands[band(line)].push(at);
    }
    bands.into_iter().flatten().collect()
}
