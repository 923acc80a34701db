//! Running means and variances.

/// The mean and the variance of columns: of all rows up to as many as the memory holds, then of the newer ones ever more.
#[derive(Clone, Debug)]
pub(crate) struct Statistics {
    memory: usize,
    count: usize,
    mean: Vec<f32>,
    variance: Vec<f32>,
}

impl Statistics {
    /// Of so many columns; `memory` is the time constant, in rows.
    pub(crate) fn new(columns: usize, memory: usize) -> Self {
        Self {
            memory,
            count: 0,
            mean: vec![0.0; columns],
            variance: vec![0.0; columns],
        }
    }

    pub(crate) fn columns(&self) -> usize {
        self.mean.len()
    }

    /// Rows that were seen, as many as the memory holds at the most.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    pub(crate) fn mean(&self) -> &[f32] {
        &self.mean
    }

    /// The standard deviation of each column.
    pub(crate) fn deviations(&self) -> impl Iterator<Item = f32> {
        self.variance
            .iter()
            .map(|variance| variance.max(0.0).sqrt())
    }

    pub(crate) fn clear(&mut self) {
        self.count = 0;
        self.mean.fill(0.0);
        self.variance.fill(0.0);
    }

    /// Welford's way (Technometrics 4(3), 1962), which loses no digits.
    pub(crate) fn observe(&mut self, row: &[f32]) {
        self.count = (self.count + 1).min(self.memory);
        let share = 1.0 / self.count as f32;
        let places = self.mean.iter_mut().zip(&mut self.variance).zip(row);
        for ((mean, variance), value) in places {
            let before = value - *mean;
            *mean += before * share;
            *variance += (before * (value - *mean) - *variance) * share;
        }
    }

    /// Sets rows against the mean, in units of the standard deviation and `floor` together.
    pub(crate) fn normalise(&self, rows: &mut [f32], floor: f32) {
        for row in rows.chunks_exact_mut(self.columns()) {
            let places = row.iter_mut().zip(&self.mean).zip(self.deviations());
            for ((value, mean), deviation) in places {
                *value = (*value - mean) / (deviation + floor);
            }
        }
    }
}
