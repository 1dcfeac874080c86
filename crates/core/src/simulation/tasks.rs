//! Tasks in random order.

use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use parking_lot::Mutex;

use super::faults::Dice;
use crate::spawner::{Executor, Task};

/// Tasks that are polled in random order.
#[derive(Default)]
pub(super) struct Tasks(Mutex<State>);

#[derive(Default)]
struct State {
    /// By number; none where it has ended, or is being polled.
    tasks: Vec<Option<Task>>,
    ready: Vec<usize>,
    driver: Option<Waker>,
}

impl Executor for Tasks {
    fn execute(&self, task: Task) {
        let mut state = self.0.lock();
        let number = state.tasks.len();
        state.tasks.push(Some(task));
        state.ready.push(number);
        wake(state.driver.take());
    }
}

impl Tasks {
    /// Polls ready tasks in random order, until none is ready or all is over.
    pub(super) fn poll(
        self: &Arc<Self>,
        cx: &mut Context<'_>,
        dice: &Dice,
        mut is_over: impl FnMut() -> bool,
    ) -> Poll<()> {
        loop {
            if is_over() {
                return Poll::Ready(());
            }
            let mut state = self.0.lock();
            if state.ready.is_empty() {
                state.driver = Some(cx.waker().clone());
                return Poll::Pending;
            }
            let next = dice.below(state.ready.len() as u64) as usize;
            let number = state.ready.swap_remove(next);
            let Some(mut task) = state.tasks[number].take() else {
                continue;
            };
            drop(state);
            let waker = Waker::from(Arc::new(Ready {
                tasks: self.clone(),
                number,
            }));
            if task
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
            {
                self.0.lock().tasks[number] = Some(task);
            }
        }
    }
}

/// Makes a task ready.
struct Ready {
    tasks: Arc<Tasks>,
    number: usize,
}

impl Wake for Ready {
    fn wake(self: Arc<Self>) {
        let mut state = self.tasks.0.lock();
        if !state.ready.contains(&self.number) {
            state.ready.push(self.number);
        }
        wake(state.driver.take());
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}
