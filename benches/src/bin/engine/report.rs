//! Turns spans into tables.

use std::time::Duration;

use benches::{Span, Table, median, median_ratio};

use crate::case::Case;
use crate::peers::{CONTENDERS, PLAIN, REFERENCE};

/// What was measured for some cases.
pub(crate) struct Report {
    cases: Vec<Case>,
    /// Contender, number of the case, and the costs in the order of the rounds.
    costs: Vec<(&'static str, usize, Costs)>,
}

/// Nanoseconds an event, one value a round.
#[derive(Clone, Default)]
struct Costs {
    wall: Vec<f64>,
    cpu: Vec<f64>,
}

impl Report {
    pub(crate) fn new(cases: &[Case]) -> Report {
        Report {
            cases: cases.to_vec(),
            costs: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, contender: &'static str, case: &Case, span: Span) {
        let number = self
            .cases
            .iter()
            .position(|known| known == case)
            .unwrap_or_default();
        let found = self
            .costs
            .iter()
            .position(|(name, of, _)| *name == contender && *of == number);
        let index = found.unwrap_or_else(|| {
            self.costs.push((contender, number, Costs::default()));
            self.costs.len() - 1
        });
        let an_event = |time: Duration| time.as_nanos() as f64 / case.events as f64;
        let costs = &mut self.costs[index].2;
        costs.wall.push(an_event(span.wall));
        costs.cpu.push(an_event(span.cpu));
    }

    /// Prints cases of 1, 3 and 10 steps. The net costs are those without what all have in common: the
    /// source, the bridge and the end, which is what a plain loop costs.
    pub(crate) fn print_chains(&self, title: &str) {
        let head = [
            "ns an event, and ratios",
            "wall 1",
            "3",
            "10",
            "cpu 1",
            "3",
            "10",
            "cpu/hop",
            "|",
            "wall 1",
            "3",
            "10",
            "net 3",
            "cpu/hop",
        ];
        let mut table = Table::new(title, &head);
        let reference = self.row(REFERENCE);
        let plain = self.row(PLAIN);
        for contender in CONTENDERS {
            let row = self.row(contender.name);
            if row[0].wall.is_empty() {
                continue;
            }
            let mut cells: Vec<String> = Vec::new();
            cells.extend(row.iter().map(|costs| nanoseconds(&costs.wall)));
            cells.extend(row.iter().map(|costs| nanoseconds(&costs.cpu)));
            cells.push(nanoseconds(&hop(&row)));
            cells.push("|".to_owned());
            let ratios = row
                .iter()
                .zip(&reference)
                .map(|(costs, reference)| ratio(&costs.wall, &reference.wall));
            cells.extend(ratios);
            let net = |row: &[Costs]| difference(&row[1].wall, &plain[1].wall);
            cells.push(ratio(&net(&row), &net(&reference)));
            cells.push(ratio(&hop(&row), &hop(&reference)));
            table.row(contender.name, cells);
        }
        table.print();
    }

    /// Prints a fan-out and a fan-in.
    pub(crate) fn print_fans(&self, title: &str) {
        let head = [
            "ns an event, and ratios",
            "out wall",
            "cpu",
            "in wall",
            "cpu",
            "|",
            "out wall",
            "cpu",
            "in wall",
            "cpu",
        ];
        let mut table = Table::new(title, &head);
        let reference = self.row(REFERENCE);
        for contender in CONTENDERS {
            let row = self.row(contender.name);
            if row[0].wall.is_empty() {
                continue;
            }
            let mut cells: Vec<String> = row
                .iter()
                .flat_map(|costs| [nanoseconds(&costs.wall), nanoseconds(&costs.cpu)])
                .collect();
            cells.push("|".to_owned());
            let ratios = row.iter().zip(&reference).flat_map(|(costs, reference)| {
                [
                    ratio(&costs.wall, &reference.wall),
                    ratio(&costs.cpu, &reference.cpu),
                ]
            });
            cells.extend(ratios);
            table.row(contender.name, cells);
        }
        table.print();
    }

    /// Returns a contender's costs, case by case.
    fn row(&self, contender: &str) -> Vec<Costs> {
        let of = |number| {
            self.costs
                .iter()
                .find(|(name, of, _)| *name == contender && *of == number)
        };
        (0..self.cases.len())
            .map(|number| {
                of(number)
                    .map(|(_, _, costs)| costs.clone())
                    .unwrap_or_default()
            })
            .collect()
    }
}

/// Returns what each further step costs, round by round.
fn hop(row: &[Costs]) -> Vec<f64> {
    let nine = difference(&row[2].cpu, &row[0].cpu);
    nine.iter().map(|cost| cost / 9.0).collect()
}

fn difference(of: &[f64], less: &[f64]) -> Vec<f64> {
    of.iter().zip(less).map(|(of, less)| of - less).collect()
}

fn nanoseconds(values: &[f64]) -> String {
    format!("{:.0}", median(values.iter().copied()))
}

fn ratio(values: &[f64], references: &[f64]) -> String {
    format!("{:.2}", median_ratio(values, references))
}
