//! The one thread that does the work of all instances in the process.

use crate::{
    learning::Learning,
    model_choice::ModelChoice,
    osc,
    outputs::Hop,
    params::PathosParams,
    stream::{Portion, WorkerEnd},
    telemetry::Telemetry,
    timeline::{Recorder, Timeline},
};
use crossbeam::channel::{Receiver, Sender, TryRecvError, unbounded};
use nice_plug_egui::RepaintNotifier;
use pathos_analysis::{Analyzer, Estimate, Heard, MelFrame};
use rtrb::Consumer;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError, Weak},
    thread::{self, JoinHandle, Thread},
    time::{Duration, Instant},
};

/// Between two looks at the rings while audio comes.
const LOOK_INTERVAL: Duration = Duration::from_millis(4);
/// Between two looks while no audio comes.
const IDLE_INTERVAL: Duration = Duration::from_millis(25);
/// Without audio for this long, no audio comes.
const IDLE_AFTER: Duration = Duration::from_secs(1);

/// A stream on its way to the thread.
struct Job {
    stream: WorkerEnd,
    analyzer: Analyzer,
    instance: Instance,
    model: ModelChoice,
    learning: Learning,
    recorder: Recorder,
    hops: Consumer<Hop>,
    osc: osc::Sender,
}

/// What the thread knows of the instance behind a stream.
#[derive(Clone, Default)]
pub(crate) struct Instance {
    /// Its parameters, to read; and the learned voice, to write.
    pub(crate) params: Arc<PathosParams>,
    /// What its editor can see.
    pub(crate) telemetry: Arc<Telemetry>,
    /// What it heard in the last minutes.
    pub(crate) timeline: Arc<Timeline>,
    /// Has the window drawn anew.
    pub(crate) repaint: RepaintNotifier,
    /// What it is called in OSC addresses.
    pub(crate) name: Arc<osc::Name>,
}

/// A share in the thread. The first share starts it; with the last one it ends, and is waited for.
pub(crate) struct Worker {
    jobs: Option<Sender<Job>>,
    thread: Thread,
    handle: Option<JoinHandle<()>>,
}

impl Worker {
    /// A share in the process's thread. Not for an audio thread: it locks, and may start a thread.
    ///
    /// # Errors
    ///
    /// If the system gives no thread.
    pub(crate) fn share() -> std::io::Result<Arc<Self>> {
        static SHARED: Mutex<Weak<Worker>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(worker) = shared.upgrade() {
            return Ok(worker);
        }
        let (sender, receiver) = unbounded();
        let handle = thread::Builder::new()
            .name("pathos-worker".to_owned())
            .spawn(move || run(&receiver))?;
        let worker = Arc::new(Self {
            jobs: Some(sender),
            thread: handle.thread().clone(),
            handle: Some(handle),
        });
        *shared = Arc::downgrade(&worker);
        Ok(worker)
    }

    /// Hands a stream to the thread, which keeps it until the other end is dropped.
    pub(crate) fn adopt(
        &self,
        stream: WorkerEnd,
        hops: Consumer<Hop>,
        analyzer: Analyzer,
        model: ModelChoice,
        instance: Instance,
    ) {
        let job = Job {
            stream,
            analyzer,
            instance,
            model,
            learning: Learning::default(),
            recorder: Recorder::default(),
            hops,
            osc: osc::Sender::default(),
        };
        if let Some(jobs) = &self.jobs {
            // The thread runs as long as the sender lives.
            let _ = jobs.send(job);
        }
        self.wake();
    }

    /// Makes the thread look at its rings now. A system call: not for an audio thread.
    pub(crate) fn wake(&self) {
        self.thread.unpark();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.jobs = None;
        self.wake();
        if let Some(handle) = self.handle.take() {
            // A panic of the thread itself was reported where it happened; there is nobody to tell here.
            let _ = handle.join();
        }
    }
}

/// The thread: looks at every ring in turn, sleeps a little, and parks while there are no streams.
fn run(new_jobs: &Receiver<Job>) {
    let mut jobs: Vec<Job> = Vec::new();
    let mut last_audio = Instant::now();
    loop {
        loop {
            match new_jobs.try_recv() {
                Ok(job) => jobs.push(job),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return,
            }
        }
        jobs.retain(|job| !job.stream.is_closed());
        let mut heard = false;
        jobs.retain_mut(|job| {
            let result = catch_unwind(AssertUnwindSafe(|| work(job)));
            heard |= matches!(result, Ok(true));
            if result.is_err() {
                job.stream.fail();
            }
            result.is_ok()
        });
        if heard {
            last_audio = Instant::now();
        }
        if jobs.is_empty() {
            thread::park();
        } else if last_audio.elapsed() < IDLE_AFTER {
            thread::park_timeout(LOOK_INTERVAL);
        } else {
            thread::park_timeout(IDLE_INTERVAL);
        }
    }
}

/// Deals with all that waits in a stream. Tells whether there was anything.
fn work(job: &mut Job) -> bool {
    let start = Instant::now();
    let Instance {
        params,
        telemetry,
        timeline,
        ..
    } = &job.instance;
    let sample_rate_hz = job.analyzer.sample_rate_hz();
    job.model.follow(params, &mut job.analyzer, telemetry);
    job.learning.follow(params, &mut job.analyzer, telemetry);
    let gate_floor_db = params.controls.gate.value();
    job.analyzer.set_gate_floor_db(gate_floor_db);
    let mut estimates: Vec<Estimate> = Vec::new();
    let mut frames: Vec<(u64, MelFrame)> = Vec::new();
    let mut samples_heard = 0;
    loop {
        match job.stream.take() {
            Portion::Nothing => break,
            Portion::Reset(start) => {
                job.analyzer.set_hop_seconds(start.hop_seconds);
                job.analyzer.reset();
                job.recorder.place(start.place, true, sample_rate_hz);
            }
            Portion::Place(place) => job.recorder.place(place, false, sample_rate_hz),
            Portion::Samples(samples) => {
                samples_heard += samples.len();
                job.analyzer
                    .push_for_all(samples, &mut |heard| match heard {
                        Heard::Frame { position, log_mel } => frames.push((position, *log_mel)),
                        Heard::Estimate(estimate) => estimates.push(estimate),
                    });
                // After the work, so that a window never waits for it.
                let mut history = timeline.lock();
                let is_new = job.recorder.hear(&mut history, samples, sample_rate_hz);
                for (position, frame) in frames.drain(..) {
                    job.recorder
                        .frame(&mut history, position, &frame, sample_rate_hz);
                }
                for estimate in &estimates {
                    job.recorder
                        .estimate(&mut history, estimate, sample_rate_hz);
                }
                drop(history);
                if is_new {
                    job.instance.repaint.request_repaint();
                }
                for estimate in &estimates {
                    telemetry.hear(estimate);
                    job.learning.hear(estimate, params, telemetry);
                }
                job.stream.answer(&estimates);
                estimates.clear();
            }
        }
    }
    if samples_heard > 0 {
        let audio_s = samples_heard as f64 / sample_rate_hz;
        telemetry.report_load(start.elapsed().as_secs_f32(), audio_s as f32);
    }
    send_hops(job);
    samples_heard > 0
}

/// Sends the hops that wait, if OSC is on.
fn send_hops(job: &mut Job) {
    let Instance {
        params,
        telemetry,
        name,
        ..
    } = &job.instance;
    let is_on = params.controls.osc.value();
    if !is_on {
        job.osc.stop(telemetry);
    }
    while let Ok(hop) = job.hops.pop() {
        if is_on {
            let address = params.osc_address.read();
            let address = address.unwrap_or_else(PoisonError::into_inner);
            job.osc.send(&hop, &address, name, telemetry);
        }
    }
}
