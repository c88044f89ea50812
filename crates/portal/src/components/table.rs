use askama::Template;

use super::render;
use crate::html::Html;

/// A column of a table.
#[derive(Debug, Clone, Default)]
pub struct Column {
    /// Its heading.
    pub label: String,
    /// Numbers: set to the right, digits under digits.
    pub numeric: bool,
}

/// A table that becomes a list of cards on a phone. The first cell of each row is its heading.
#[derive(Debug, Clone, Default)]
pub struct Table {
    caption: String,
    caption_hidden: bool,
    columns: Vec<Column>,
    rows: Vec<Vec<Html>>,
}

#[derive(Template)]
#[template(path = "components/table.html")]
struct TableTemplate<'a> {
    table: &'a Table,
}

impl Table {
    /// A table; the caption says what it shows.
    pub fn new(caption: impl Into<String>) -> Self {
        Self { caption: caption.into(), ..Self::default() }
    }

    /// The caption is there for screen readers only: a heading above already says it.
    #[must_use]
    pub fn hide_caption(mut self) -> Self {
        self.caption_hidden = true;
        self
    }

    /// Adds a column.
    #[must_use]
    pub fn column(mut self, label: impl Into<String>) -> Self {
        self.columns.push(Column { label: label.into(), numeric: false });
        self
    }

    /// Adds a column of numbers.
    #[must_use]
    pub fn number_column(mut self, label: impl Into<String>) -> Self {
        self.columns.push(Column { label: label.into(), numeric: true });
        self
    }

    /// Adds a row; cells beyond the columns are left out.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Html>) {
        self.rows.push(cells.into_iter().take(self.columns.len()).collect());
    }

    /// True when it has no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The markup.
    pub fn html(&self) -> Html {
        render(&TableTemplate { table: self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cell_of_a_card_says_its_column() {
        let mut t = Table::new("Станции").column("Имя").number_column("PM2,5");
        t.row([Html::from("A & B"), Html::from("0,1"), Html::from("beyond")]);
        let html = t.html().to_string();
        assert!(html.contains(r#"<th scope="row">A &amp; B</th>"#), "{html}");
        assert!(html.contains(r#"<td class="num" data-label="PM2,5">"#), "{html}");
        assert!(!html.contains("beyond"));
    }
}
