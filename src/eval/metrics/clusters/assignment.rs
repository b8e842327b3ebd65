//! The assignment problem: who gets what, so that the total is largest.

/// Assigns each row at most one column and each column at most one row, so that the sum of `weights[row][column]` is largest; returns
/// the column of each row. As many are assigned as fit, so with more rows than columns some rows get none. All rows must be equally long.
///
/// Hungarian method with potentials and shortest augmenting paths (Kuhn 1955, Jonker and Volgenant 1987), O(n² · m) for the smaller
/// side n. Weights are integers, so the result is exact.
#[must_use]
pub fn best_assignment(weights: &[Vec<i64>]) -> Vec<Option<usize>> {
    let rows = weights.len();
    let columns = weights.first().map_or(0, Vec::len);
    debug_assert!(weights.iter().all(|row| row.len() == columns), "all rows are equally long");
    if rows <= columns {
        return cheapest(rows, columns, |row, column| -weights[row][column]).into_iter().map(Some).collect();
    }
    let mut column_of_row = vec![None; rows];
    for (column, row) in cheapest(columns, rows, |column, row| -weights[row][column]).into_iter().enumerate() {
        column_of_row[row] = Some(column);
    }
    column_of_row
}

/// The column of each row in the cheapest assignment; `rows <= columns`.
fn cheapest(rows: usize, columns: usize, cost: impl Fn(usize, usize) -> i64) -> Vec<usize> {
    // Column `columns` is a start outside the table: each row enters there and is pushed along the shortest path to a free column.
    let start = columns;
    let mut row_potential = vec![0_i64; rows];
    let mut column_potential = vec![0_i64; columns + 1];
    let mut row_of_column: Vec<Option<usize>> = vec![None; columns + 1];
    for entering in 0..rows {
        row_of_column[start] = Some(entering);
        let mut slack = vec![i64::MAX; columns];
        let mut came_from = vec![start; columns];
        let mut visited = vec![false; columns + 1];
        let mut here = start;
        while let Some(row) = row_of_column[here] {
            visited[here] = true;
            let mut step = i64::MAX;
            let mut nearest = here;
            for column in (0..columns).filter(|&column| !visited[column]) {
                let reduced = cost(row, column) - row_potential[row] - column_potential[column];
                if reduced < slack[column] {
                    slack[column] = reduced;
                    came_from[column] = here;
                }
                if slack[column] < step {
                    step = slack[column];
                    nearest = column;
                }
            }
            for column in 0..=columns {
                if visited[column] {
                    if let Some(row) = row_of_column[column] {
                        row_potential[row] += step;
                    }
                    column_potential[column] -= step;
                } else {
                    slack[column] -= step;
                }
            }
            here = nearest;
        }
        while here != start {
            let previous = came_from[here];
            row_of_column[here] = row_of_column[previous];
            here = previous;
        }
    }
    let mut column_of_row = vec![0; rows];
    for (column, row) in row_of_column[..columns].iter().enumerate() {
        if let Some(row) = row {
            column_of_row[*row] = column;
        }
    }
    column_of_row
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn total(weights: &[Vec<i64>], assigned: &[Option<usize>]) -> i64 {
        assigned.iter().enumerate().filter_map(|(row, column)| column.map(|column| weights[row][column])).sum()
    }

    fn best_by_trying(weights: &[Vec<i64>], row: usize, taken: &mut Vec<bool>) -> i64 {
        if row == weights.len() {
            return 0;
        }
        let mut best = best_by_trying(weights, row + 1, taken);
        for column in 0..taken.len() {
            if !taken[column] {
                taken[column] = true;
                best = best.max(weights[row][column] + best_by_trying(weights, row + 1, taken));
                taken[column] = false;
            }
        }
        best
    }

    #[test]
    fn gives_up_the_greedy_choice_where_another_is_better() {
        let weights = vec![vec![9, 8], vec![8, 1]];
        assert_eq!(best_assignment(&weights), [Some(1), Some(0)]);
    }

    #[test]
    fn takes_tables_of_any_shape() {
        assert!(best_assignment(&[]).is_empty());
        assert_eq!(best_assignment(&[vec![], vec![]]), [None, None]);
        assert_eq!(best_assignment(&[vec![1, 5, 3]]), [Some(1)]);
        assert_eq!(best_assignment(&[vec![1], vec![5], vec![3]]), [None, Some(0), None]);
    }

    proptest! {
        #[test]
        fn finds_what_trying_everything_finds(rows in 1_usize..6, columns in 1_usize..6, cells in prop::collection::vec(0_i64..9, 36)) {
            let weights: Vec<Vec<i64>> = (0..rows).map(|row| cells[row * 6..row * 6 + columns].to_vec()).collect();
            let assigned = best_assignment(&weights);
            let mut used: Vec<usize> = assigned.iter().flatten().copied().collect();
            prop_assert_eq!(used.len(), rows.min(columns));
            used.sort_unstable();
            used.dedup();
            prop_assert_eq!(used.len(), rows.min(columns));
            prop_assert_eq!(total(&weights, &assigned), best_by_trying(&weights, 0, &mut vec![false; columns]));
        }
    }
}
