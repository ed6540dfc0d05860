//! Which lines the view has room for.

use super::flatten::Line;

/// Beyond the viewport, a list shows this many of its items once the page takes more than half of the budget. Below
/// that, folding would save a few tokens now and cost the agent a step to unfold.
const ITEMS_BEYOND: usize = 20;
/// In the viewport, a list shows as many of its items as the budget allows, tried in this order.
const ITEMS_WITHIN: [usize; 6] = [usize::MAX, 60, 30, 15, 8, 4];
/// What a note on left-out lines may cost.
pub(super) const NOTE: usize = 16;

/// What becomes of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Shown,
    /// Left out as one of many alike.
    Folded,
    /// Left out for want of room.
    Cut,
}

/// Chooses within `budget` tokens, nearest the viewport first and in reading order among equals. A line is shown only
/// together with those it stands under.
pub(super) fn choose(lines: &[Line], groups: usize, budget: usize) -> Vec<Fate> {
    let order = by_distance(lines);
    let beyond =
        if lines.iter().map(|line| line.tokens).sum::<usize>() > budget / 2 { ITEMS_BEYOND } else { usize::MAX };
    let within: usize = lines.iter().filter(|line| line.distance == 0 || line.is_header).map(|line| line.tokens).sum();
    let mut fates = Vec::new();
    for limit in ITEMS_WITHIN {
        fates = fold(lines, &order, groups, (limit, beyond));
        // Folding is for what is in sight: what lies beyond it is simply further away.
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
        let chain = Chain { lines, next: Some(at) };
        let price: usize = chain.clone().filter(|line| !is_paid[*line]).map(|line| lines[line].tokens).sum();
        if is_full || price > left {
            // Nothing further away takes the room of what is nearer.
            is_full = true;
            fates[at] = Fate::Cut;
            continue;
        }
        left -= price;
        for line in chain {
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

/// A line and those it stands under.
#[derive(Clone)]
struct Chain<'a> {
    lines: &'a [Line],
    next: Option<usize>,
}

impl Iterator for Chain<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let line = self.next?;
        self.next = self.lines[line].parent;
        Some(line)
    }
}

/// Marks of each list the items beyond the allowed number, those furthest away first.
/// (`within`: in the viewport, `beyond`: outside of it).
fn fold(lines: &[Line], order: &[usize], groups: usize, (within, beyond): (usize, usize)) -> Vec<Fate> {
    let mut fates = vec![Fate::Shown; lines.len()];
    // Per list: how many items were admitted so far in sight and beyond, and which one came last.
    let mut admitted = vec![(0_usize, 0_usize); groups];
    let mut known: std::collections::HashMap<(usize, u32), Fate> = std::collections::HashMap::new();
    for &at in order {
        let line = &lines[at];
        let Some(item) = line.group.filter(|_| !line.is_header) else { continue };
        fates[at] = *known.entry(item).or_insert_with(|| {
            let (in_sight, out_of_sight) = &mut admitted[item.0];
            let (count, limit) = if line.distance == 0 { (in_sight, within) } else { (out_of_sight, beyond) };
            *count += 1;
            if *count > limit { Fate::Folded } else { Fate::Shown }
        });
    }
    fates
}

/// Line numbers by distance, in reading order among equals; a counting sort over bands of pixels.
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
