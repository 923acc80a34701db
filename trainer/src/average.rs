//! Averages of weights: a moving one, which is judged and exported in their place (Polyak & Juditsky, 1992), and the mean of several
//! networks that went on from the same one (Wortsman et al., Model soups, 2022).

use crate::network::Network;
use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param},
    tensor::Tensor,
};

/// The average, without autodiff.
pub struct Average {
    network: Network,
    decay: f64,
    steps: Option<usize>,
}

impl Average {
    /// Begins with a network; `decay` is the share of itself that the average keeps each step, and `steps` how many it has seen of
    /// weights that were random at first. Those of a network that had learned before count like any others.
    #[must_use]
    pub fn new(network: Network, decay: f64, steps: Option<usize>) -> Self {
        Self {
            network,
            decay,
            steps,
        }
    }

    /// Goes on with what it was after some steps.
    pub fn resume(&mut self, network: Network, steps_done: usize) {
        self.network = network;
        self.steps = self.steps.map(|_| steps_done);
    }

    /// Takes in the weights, and the statistics of the batch norms, after a step of learning.
    pub fn update(&mut self, learning: &Network) {
        // Random weights must not count for long.
        let decay = self.steps.as_mut().map_or(self.decay, |steps| {
            *steps += 1;
            self.decay.min(*steps as f64 / (*steps as f64 + 9.0))
        });
        self.network = blend(self.network.clone(), &learning.valid(), decay);
    }

    /// The averaged network.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }
}

/// The mean of the weights, and of the statistics of the batch norms, of some networks of the same sizes, without autodiff.
#[must_use]
pub fn mean(first: Network, others: &[Network]) -> Network {
    let counted = (1..).zip(others);
    counted.fold(first, |mean, (count, other)| {
        let count = f64::from(count);
        blend(mean, other, count / (count + 1.0))
    })
}

/// A network that keeps a share of its own values and takes the rest of another's.
fn blend(own: Network, other: &Network, kept: f64) -> Network {
    let mut values = Values(Vec::new());
    other.visit(&mut values);
    own.map(&mut Blend {
        values: values.0.into_iter(),
        kept,
    })
}

/// The values of a module, flat, in the order in which it is visited.
struct Values(Vec<Tensor<1>>);

impl ModuleVisitor for Values {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.push(param.val().flatten(0, D - 1));
    }
}

struct Blend {
    values: std::vec::IntoIter<Tensor<1>>,
    kept: f64,
}

impl ModuleMapper for Blend {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(new) = self.values.next() else {
            return param;
        };
        let kept = self.kept;
        param.map(|own| {
            let new = new.reshape(own.shape());
            own * kept + new * (1.0 - kept)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Config, network::Architecture};
    use burn::tensor::Device;

    #[test]
    fn the_average_goes_to_where_the_weights_stay() {
        let config = Config::first(&[]);
        let architecture = Architecture::new(&config.network, &config.feature_settings());
        let device = Device::flex().autodiff();
        let [start, end] = [(); 2].map(|()| architecture.init(0.0, &device));
        let difference = |a: &Network, b: &Network| {
            let difference = a.score.weight.val().inner() - b.score.weight.val().inner();
            difference.abs().max().into_scalar::<f32>()
        };
        let valid = |network: &Network| network.valid();
        let mut average = Average::new(start.valid(), 0.9, Some(0));
        let score = |network: &Network| network.score.weight.val();
        let apart =
            |a: &Network, b: &Network| (score(a) - score(b)).abs().max().into_scalar::<f32>();
        let before = apart(average.network(), &valid(&end));
        average.update(&end);
        // A tenth is kept of the start after one step, in which the decay is 1 / 10.
        let after = apart(average.network(), &valid(&end));
        assert!((after / before - 0.1).abs() < 0.01, "{before} to {after}");
        (0..60).for_each(|_| average.update(&end));
        assert!(apart(average.network(), &valid(&end)) < 1e-3 * before);
        assert!(
            difference(&start, &end) > 0.5 * before,
            "the networks themselves stay"
        );

        let mut learned = Average::new(start.valid(), 0.9, None);
        learned.update(&end);
        let after = apart(learned.network(), &valid(&end));
        assert!((after / before - 0.9).abs() < 0.01, "{before} to {after}");
    }

    #[test]
    fn a_mean_is_as_far_from_each() {
        let config = Config::first(&[]);
        let architecture = Architecture::new(&config.network, &config.feature_settings());
        let [first, second, third] = [(); 3].map(|()| architecture.init(0.0, &Device::flex()));
        let score = |network: &Network| network.score.weight.val();
        let expected = (score(&first) + score(&second) + score(&third)) / 3.0;
        let mean = mean(first, &[second, third]);
        let apart = (score(&mean) - expected).abs().max().into_scalar::<f32>();
        assert!(apart < 1e-6, "{apart}");
    }
}
