//! What is awkward about real pages, by theme. Beside these: shadow trees and frames in `observe`, dialogs in `dialogs`,
//! crashes in `faults`, fields, clicks, hovering, tabs and waiting in `actions`, `pushState` and fragments in
//! `navigation`.

mod covered;
mod drag;
mod lists;
mod menus;
mod restless;
mod slow;
mod unreachable;
mod windows;
mod writing;
