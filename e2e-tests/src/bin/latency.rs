//! Times an ordinary Pod while requests that take long are evaluated: `latency [BYTES]`, of 100,000 by default.
//!
//! Two threads take requests from one queue, as a policy server with two workers does. Twelve of the slowest heavy
//! requests of that size are always in the queue or being evaluated, and each Pod waits behind those before it.
use std::collections::VecDeque;
use std::hint::black_box;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use admission::heavy::classes;
use anyhow::Context;
use e2e_tests::Built;
use e2e_tests::samples::samples;
use host::Module;

const WORKERS: usize = 2;
const IN_FLIGHT: usize = 12;
const PODS: usize = 21;

/// What a worker evaluates.
enum Job<'r> {
    /// Goes to the end of the queue again.
    Heavy(&'r [u8]),
    Pod(&'r [u8], Sender<()>),
    Stop,
}

#[derive(Default)]
struct Queue<'r> {
    jobs: Mutex<VecDeque<Job<'r>>>,
    filled: Condvar,
}

impl<'r> Queue<'r> {
    fn push(&self, job: Job<'r>) {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).push_back(job);
        self.filled.notify_one();
    }

    fn next(&self) -> Job<'r> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match jobs.pop_front() {
                Some(job) => return job,
                None => jobs = self.filled.wait(jobs).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    fn work(&self, module: &Module) {
        loop {
            match self.next() {
                Job::Heavy(payload) => {
                    _ = black_box(module.call("validate", payload));
                    self.push(Job::Heavy(payload));
                }
                Job::Pod(payload, answered) => {
                    _ = black_box(module.call("validate", payload));
                    _ = answered.send(());
                }
                Job::Stop => return,
            }
        }
    }
}

fn main() -> anyhow::Result<()> {
    let bytes: usize = std::env::args().nth(1).map_or(Ok(100_000), |bytes| bytes.parse())?;
    let module = Module::load(&Built::Policy.read()?)?.with_time_limit(Duration::from_secs(3600));
    let timed = |payload: &[u8]| -> anyhow::Result<Duration> {
        let started = Instant::now();
        black_box(module.call("validate", payload)?);
        Ok(started.elapsed())
    };
    let mut heavy = Vec::new();
    for class in classes() {
        let payload = class.payload(class.n_of_size(bytes.min(class.most)), 1);
        heavy.push((timed(&payload)?, class.name, payload));
    }
    heavy.sort_by_key(|(time, ..)| std::cmp::Reverse(*time));
    heavy.truncate(IN_FLIGHT);
    for (time, name, payload) in &heavy {
        println!("{:>8.1} ms {:>8} bytes  {name}", millis(*time), payload.len());
    }
    let pod = samples().into_iter().next().context("a sample")?.payload;
    timed(&pod)?;
    println!("{:>8.1} ms {:>8} bytes  an ordinary Pod, alone", millis(timed(&pod)?), pod.len());

    let queue = Queue::default();
    let mut times = thread::scope(|scope| -> anyhow::Result<Vec<Duration>> {
        heavy.iter().for_each(|(.., payload)| queue.push(Job::Heavy(payload)));
        for _ in 0..WORKERS {
            scope.spawn(|| queue.work(&module));
        }
        let mut times = Vec::new();
        for _ in 0..PODS {
            let (sender, answer) = channel();
            let started = Instant::now();
            queue.push(Job::Pod(&pod, sender));
            answer.recv()?;
            times.push(started.elapsed());
            // Not in step with the others.
            thread::sleep(Duration::from_millis(7));
        }
        (0..WORKERS).for_each(|_| queue.push(Job::Stop));
        Ok(times)
    })?;
    times.sort_unstable();
    let at = |percent: usize| times.get(times.len() * percent / 100).copied().map_or(0.0, millis);
    println!(
        "{:>8.1} ms at the median, {:.1} ms at the 90th percentile: a Pod with {IN_FLIGHT} of them in flight",
        at(50),
        at(90)
    );
    Ok(())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
