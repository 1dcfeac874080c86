/// A table of text, its columns as wide as need be.
pub struct Table {
    title: String,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(title: impl Into<String>, head: &[&str]) -> Table {
        Table {
            title: title.into(),
            rows: vec![head.iter().map(|name| name.to_string()).collect()],
        }
    }

    pub fn row(&mut self, name: &str, cells: impl IntoIterator<Item = String>) {
        self.rows
            .push([name.to_owned()].into_iter().chain(cells).collect());
    }

    /// Prints the table: the first column to the left, figures to the right.
    pub fn print(&self) {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |column: usize| {
            self.rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
        };
        let widths: Vec<usize> = (0..columns)
            .map(|column| width(column).unwrap_or_default())
            .collect();

        println!("\n{}\n", self.title);
        for (number, row) in self.rows.iter().enumerate() {
            let mut line = format!("  {:<w$}", row[0], w = widths[0]);
            for (cell, width) in row.iter().zip(&widths).skip(1) {
                line.push_str(&format!("  {cell:>width$}"));
            }
            println!("{line}");
            if number == 0 {
                println!("  {}", "-".repeat(line.chars().count() - 2));
            }
        }
    }
}
