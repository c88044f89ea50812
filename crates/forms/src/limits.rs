//! What a form and its answers may be at the most. A form lives in memory and is walked on every request.

/// A form's file, in bytes.
pub(crate) const SOURCE: usize = 512 * 1024;
/// Containers in containers.
pub(crate) const DEPTH: usize = 6;
/// Components of a form, containers included.
pub(crate) const COMPONENTS: usize = 400;
/// Pages of a form.
pub(crate) const PAGES: usize = 40;
/// A label, hint or other short text of the file, in bytes.
pub(crate) const TEXT: usize = 2_000;
/// A `text` component, in bytes.
pub(crate) const PROSE: usize = 20_000;
/// Options of one field, columns of one table.
pub(crate) const OPTIONS: usize = 500;
/// Regular expression of the file, in bytes, and compiled.
pub(crate) const PATTERN: usize = 500;
/// What a compiled pattern may take of memory, in bytes.
pub(crate) const PATTERN_MEMORY: usize = 256 * 1024;
/// Items of a repeat, where the form says nothing.
pub(crate) const ITEMS: usize = 20;
/// Items of a repeat that a form may ask for.
pub(crate) const MOST_ITEMS: usize = 100;
/// Answers of one form with all its repeats: what lies beyond is left out.
pub(crate) const ANSWERS: usize = 3_000;
/// A line of text, in UTF-16 units as form-js counts, where the form says nothing.
pub(crate) const LINE: usize = 1_000;
/// Several lines of text, where the form says nothing.
pub(crate) const AREA: usize = 10_000;
/// What a form may ask for.
pub(crate) const MOST_TEXT: usize = 50_000;
/// Files of one field, where the form allows several and says nothing.
pub(crate) const FILES: usize = 5;
/// Files of one field that a form may ask for.
pub(crate) const MOST_FILES: usize = 20;
/// Rows of a table that are shown, where the form says nothing.
pub(crate) const ROWS: usize = 10;
/// Rows of a table that a form may ask for.
pub(crate) const MOST_ROWS: usize = 200;
/// Rounds in which conditions settle: what is hidden may hide or show something else.
pub(crate) const ROUNDS: usize = 12;
