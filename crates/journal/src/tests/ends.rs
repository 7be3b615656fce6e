//! Ends of the process and bytes that the disk spoilt: whole entries survive, the rest is cut off or told.

use domain::ports::Journal;

use super::*;

/// Appends entries 1 to `last` and closes.
fn filled(folder: &Path, last: u64) {
    let journal = open(folder);
    for number in 1..=last {
        journal.append(&owed(number)).unwrap();
    }
}

fn same(numbers: impl IntoIterator<Item = u64>) -> Vec<(u64, u64)> {
    numbers.into_iter().map(|number| (number, number)).collect()
}

#[test]
fn an_entry_cut_short_at_any_byte_is_cut_off_and_all_before_it_are_there() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path(), 5);
    let segment = files(folder.path(), "segment").pop().unwrap();
    let whole = std::fs::read(&segment).unwrap();
    let scan = crate::recover::scan(&whole, 1);
    let places: Vec<usize> = scan.places.iter().map(|place| place.unwrap()).collect();
    for cut in 0..=whole.len() {
        std::fs::write(&segment, &whole[..cut]).unwrap();
        let journal = open(folder.path());
        let survived = places.iter().skip(1).chain([&whole.len()]).filter(|end| **end <= cut).count();
        let survived = u64::try_from(survived).unwrap();
        assert_eq!(read_all(&journal), same(1..=survived), "cut at {cut}");
        assert_eq!(journal.opened().damaged_bytes, 0);
        assert_eq!(journal.append(&owed(survived + 1)).unwrap(), survived + 1);
        drop(journal);
        let journal = open(folder.path());
        nothing_wrong(&journal);
        assert_eq!(read_all(&journal), same(1..=survived + 1));
    }
}

#[test]
fn a_damaged_entry_in_the_middle_is_put_aside_and_the_others_are_read() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path(), 6);
    let segment = files(folder.path(), "segment").remove(0);
    let whole = std::fs::read(&segment).unwrap();
    let places = crate::recover::scan(&whole, 1).places;
    let (third, fourth) = (places[2].unwrap(), places[3].unwrap());
    for spoilt in third..fourth {
        let mut bytes = whole.clone();
        bytes[spoilt] ^= 0x5a;
        std::fs::write(&segment, &bytes).unwrap();
        let journal = open(folder.path());
        assert_eq!(read_all(&journal), same([1, 2, 4, 5, 6]), "spoilt at {spoilt}");
        let damaged = files(folder.path(), "damaged");
        assert_eq!(std::fs::read(&damaged[0]).unwrap(), bytes[third..fourth]);
        assert_eq!(journal.opened().damaged_bytes, u64::try_from(fourth - third).unwrap());
        std::fs::remove_file(&damaged[0]).unwrap();
    }
}

#[test]
fn damage_at_the_end_of_what_was_written_is_kept_too() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path(), 30);
    let segments = files(folder.path(), "segment");
    for segment in [segments.first().unwrap(), segments.last().unwrap()] {
        let mut bytes = std::fs::read(segment).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(segment, &bytes).unwrap();
    }
    let first_end =
        u64::try_from(crate::recover::scan(&std::fs::read(&segments[0]).unwrap(), 1).places.len()).unwrap()
            + 1;
    let journal = open(folder.path());
    assert_eq!(read_all(&journal), same((1..30).filter(|number| *number != first_end)));
    assert_eq!(files(folder.path(), "damaged").len(), 2);
    assert_eq!(journal.append(&owed(30)).unwrap(), 30);
}

#[test]
fn an_entry_that_spoils_while_the_journal_is_open_is_put_aside_when_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    for number in 1..=3 {
        journal.append(&owed(number)).unwrap();
    }
    let segment = files(folder.path(), "segment").remove(0);
    let mut bytes = std::fs::read(&segment).unwrap();
    let middle = crate::recover::scan(&bytes, 1).places[1].unwrap();
    bytes[middle + 20] ^= 1;
    std::fs::write(&segment, &bytes).unwrap();
    assert_eq!(read_all(&journal), same([1, 3]));
    assert_eq!(files(folder.path(), "damaged").len(), 1);
    assert_eq!(read_all(&journal), same([1, 3]));
    assert!(journal.read(2, 1).unwrap().iter().all(|(number, _)| *number == 3));
}

#[test]
fn a_file_that_is_no_segment_is_put_aside_whole() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path(), 20);
    let segment = files(folder.path(), "segment").remove(0);
    std::fs::write(&segment, b"somebody else's bytes").unwrap();
    let journal = open(folder.path());
    assert_eq!(journal.opened().damaged_bytes, 21);
    assert_eq!(read_all(&journal).last(), Some(&(20, 20)));
    assert_eq!(std::fs::read(&files(folder.path(), "damaged")[0]).unwrap(), b"somebody else's bytes");
}
