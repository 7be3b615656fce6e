//! How leases are counted together once there are many.

use domain::QuotaWindow;
use domain::ports::LeaseRequest;

use super::*;

fn one_of(limit: u32) -> LeaseRequest {
    LeaseRequest {
        key: domain::KeyId::from_u128(1),
        window: QuotaWindow::Day,
        limit,
        want: 1,
        spend_within: Duration::ZERO,
    }
}

/// 500,000,000 a day, one by one, for two days.
#[test]
fn a_window_stays_small_however_many_leases_there_are() {
    let mut window = Window::default();
    for second in 0..172_800 {
        assert_eq!(window.lease(&one_of(500_000_000), Duration::from_secs(second)).granted, 1);
        assert!(window.leases.len() <= 401, "{} leases after {second} s", window.leases.len());
    }
}

#[test]
fn leases_that_are_counted_together_leave_late_and_never_early() {
    let mut window = Window::default();
    for second in 0..86_400 {
        window.lease(&one_of(86_400), Duration::from_secs(second));
    }
    for second in 86_400..172_800 {
        let lease =
            window.lease(&LeaseRequest { want: u32::MAX, ..one_of(86_400) }, Duration::from_secs(second));
        let due = u32::try_from(second - 86_400 + 1).unwrap();
        let taken = lease.remaining + lease.granted;
        assert_eq!(lease.remaining, 0);
        assert!(taken <= due, "{taken} at {second}");
        window.give_back(&lease.id, lease.granted);
        let late = window.leases.iter().map(|held| held.count).sum::<u32>() - (86_400 - due);
        assert!(late <= 432, "{late} are late at {second}");
    }
}

#[test]
fn leases_of_any_length_stay_in_order() {
    let mut window = Window::default();
    for step in 0..2_000_u64 {
        let spend_within = Duration::from_secs(step * 7_919 % 20_000);
        window.lease(&LeaseRequest { spend_within, ..one_of(5_000) }, Duration::from_secs(step * 30));
        assert!(window.leases.iter().is_sorted_by_key(|held| held.last));
    }
}
