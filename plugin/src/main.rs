//! Pathos as a program of its own, with JACK or the system's audio devices.

fn main() {
    if std::env::args().len() == 1 {
        eprintln!(
            "Pathos listens to the default input. `pathos --help` lists the devices, rates and back ends to choose from; with JACK, \
             connect a source to its inputs."
        );
    }
    nice_plug::nice_export_standalone::<pathos::Pathos>();
}
