use super::super::devops::crc32;
use super::*;

/// How many of each signature are made.
const EACH: u64 = 200;

fn all() -> impl Iterator<Item = (&'static Signature, Seed, String)> {
    SIGNATURES.iter().flat_map(|signature| {
        (0..EACH).map(move |n| {
            let mut seed = Seed::new(n + 1);
            let credential = seed.credential(signature);
            (signature, seed, credential)
        })
    })
}

#[test]
fn finds_every_made_credential_wherever_it_stands() {
    for (signature, mut seed, credential) in all() {
        let expected = signature.kind_of(credential.as_bytes()).id;
        let places = ["", " ", "\"", "=", ":", "\n", "(", "://x/?code=", "é", "key="];
        let (before, after) = (seed.one_of(&places[..4]), seed.one_of(&["", " ", "\"", "\n", ";", ",", "é"]));
        // `=` before is one of the forbidden neighbours of none of them.
        let text = format!("{before}{credential}{after}");
        let mut found = Vec::new();
        recognise_all(&text, &mut |kind, at| found.push((kind.id, at.start)));
        assert_eq!(found, [(expected, before.len())], "{} in {text:?}", signature.source);
        assert_eq!(recognise_with_base64(&encode(text.as_bytes())).map(|k| k.id), Some(expected));
    }
}

#[test]
fn finds_two_that_stand_together() {
    for pair in SIGNATURES.windows(2) {
        let mut seed = Seed::new(7);
        let (a, b) = (seed.credential(&pair[0]), seed.credential(&pair[1]));
        let expected = [pair[0].kind_of(a.as_bytes()).id, pair[1].kind_of(b.as_bytes()).id];
        assert_eq!(ids(&format!("{a}\n{b}")), expected);
    }
}

#[test]
fn one_character_short_is_silent() {
    for (signature, mut seed, _) in all() {
        let mut credential = shortest(signature, &mut seed);
        if signature.before.is_empty() {
            credential.pop();
        } else {
            credential.remove(0);
        }
        assert_eq!(id(&credential), None, "{} {credential}", signature.source);
        let mut credential = shortest(signature, &mut seed);
        credential.pop();
        assert_eq!(id(&credential), None, "{} {credential}", signature.source);
    }
}

fn shortest(signature: &Signature, seed: &mut Seed) -> String {
    let mut credential = seed.credential(signature);
    let last = signature.after.last().unwrap();
    let spare = credential.len() - length(signature);
    assert!(spare <= last.max - last.min);
    credential.truncate(credential.len() - spare);
    credential
}

/// The shortest length.
fn length(signature: &Signature) -> usize {
    let runs = signature.before.iter().chain(signature.after);
    runs.map(|run| run.min).sum::<usize>() + signature.mark.text.len()
}

#[test]
fn a_forbidden_neighbour_silences() {
    for (signature, mut seed, _) in all() {
        let credential = seed.credential(signature);
        // At its longest, so that the neighbour cannot become part of it.
        let left = seed.text(&signature.left, 1);
        assert_eq!(id(&format!("{left}{credential}")), None, "{} left {left}", signature.source);
        if !signature.right.name.is_empty() {
            let last = signature.after.last().unwrap();
            let longest = format!("{credential}{}", seed.text(&last.alphabet, last.max));
            let right = seed.text(&signature.right, 1);
            let text = if last.max > last.min { longest } else { format!("{credential}{right}") };
            assert_eq!(id(&text), None, "{} right", signature.source);
        }
    }
}

#[test]
fn a_shifted_mark_silences() {
    for (signature, mut seed, credential) in all().filter(|(s, ..)| !s.before.is_empty()) {
        // One character moves from the front of the mark to the end of the text, and back.
        let mark: usize = signature.before.iter().map(|run| run.min).sum();
        let end = mark + signature.mark.text.len();
        let moved = &credential[end..=end];
        let later = format!("{}{moved}{}{}", &credential[..mark], signature.mark.text, &credential[end + 1..]);
        assert_eq!(id(&later), None, "{} {later}", signature.source);
        let filler = seed.text(&signature.before[0].alphabet, 1);
        let earlier = format!("{}{}{filler}{}", &credential[..mark - 1], signature.mark.text, &credential[end..]);
        assert_eq!(id(&earlier), None, "{} {earlier}", signature.source);
    }
}

#[test]
fn a_wrong_character_anywhere_silences() {
    for (signature, mut seed, _) in all().step_by(10) {
        let credential = shortest(signature, &mut seed);
        for at in 0..credential.len() {
            for wrong in ["!", "é", "Z", "~"] {
                if belongs(signature, at, wrong) || credential[at..].starts_with(wrong) {
                    continue;
                }
                let text = format!("{}{wrong}{}", &credential[..at], &credential[at + 1..]);
                assert_eq!(id(&text), None, "{} at {at}: {text}", signature.source);
            }
        }
    }
}

/// Whether the character may stand there. Marks are taken letter by letter.
fn belongs(signature: &Signature, at: usize, character: &str) -> bool {
    let mut from = 0;
    let byte = character.as_bytes()[0];
    for run in signature.before {
        if (from..from + run.min).contains(&at) {
            return run.alphabet.contains(byte);
        }
        from += run.min;
    }
    if at < from + signature.mark.text.len() {
        return false;
    }
    from += signature.mark.text.len();
    for run in signature.after {
        if (from..from + run.min).contains(&at) {
            return run.alphabet.contains(byte);
        }
        from += run.min;
    }
    false
}

#[test]
fn annotated_keys_name_their_service() {
    for (provider, kind) in PROVIDERS {
        let mut seed = Seed::new(3);
        let signature = SIGNATURES.iter().find(|s| s.mark.text == "JQQJ9").unwrap();
        let mut key = seed.credential(signature);
        key.replace_range(72..76, "AAAA");
        key.replace_range(76..80, provider);
        assert_eq!(id(&key), Some(kind.id));
        // The longer form ends with two characters and padding.
        assert_eq!(id(&format!("{key}aA==")), Some(kind.id));
    }
}

#[test]
fn patterns_read_as_in_the_model() {
    let pattern = |id: &str| SIGNATURES.iter().find(|s| s.kind.id == id).unwrap().pattern();
    assert_eq!(pattern("storage-account-key"), r"[A-Za-z0-9+/]{76}\+ASt[A-Za-z0-9+/]{5}[AQgw]==");
    assert_eq!(pattern("entra-client-secret"), "[~.A-Za-z0-9_-]{3}[78]Q~[~.A-Za-z0-9_-]{31,34}");
    assert_eq!(pattern("databricks-token"), "dapi[0-9a-f-]{32,34}");
    assert_eq!(pattern("search-key"), "[A-Za-z0-9]{42}AzSe[A-D][A-Za-z0-9]{5}");
}

/// An Azure DevOps token of the older kind: base32 of 28 random bytes and a masked checksum.
pub(super) fn devops_token(seed: &mut Seed, mask: u32) -> String {
    let payload: Vec<u8> = (0..28).map(|_| seed.below(256) as u8).collect();
    let sum = (crc32(payload.iter().copied()) ^ mask).to_le_bytes();
    let mut rest = payload.into_iter();
    let bytes: Vec<u8> = (0..32)
        .map(|i| match i {
            22 => sum[0],
            8 => sum[1],
            7 => sum[2],
            2 => sum[3],
            _ => rest.next().unwrap(),
        })
        .collect();
    let bits: Vec<u8> = bytes.iter().flat_map(|b| (0..8).rev().map(move |i| b >> i & 1)).collect();
    let group = |bits: &[u8]| bits.iter().fold(0, |value, bit| value << 1 | bit) << (5 - bits.len());
    bits.chunks(5).map(|c| char::from(b"abcdefghijklmnopqrstuvwxyz234567"[usize::from(group(c))])).collect()
}

#[test]
fn older_devops_tokens_are_found_by_their_checksum() {
    assert_eq!(crc32("123456789".bytes()), 0xCBF4_3926);
    for n in 0..500 {
        let mut seed = Seed::new(n);
        let token = devops_token(&mut seed, if n % 2 == 0 { 0xE0B9_692D } else { 0x1019_F92E });
        assert_eq!(token.len(), 52);
        let padding = "-".repeat(seed.below(120));
        assert_eq!(id(&format!("{padding}{token}")), Some("devops-token"));
        assert_eq!(id(&format!("{padding}{token}\n{padding}")), Some("devops-token"));
        assert_eq!(id(&format!("{padding}a{token}")), None);
        assert_eq!(id(&format!("{padding}{token}7")), None);
        assert_eq!(id(&token[1..]), None);
        let mut wrong = token.clone();
        wrong.replace_range(20..21, if token.as_bytes()[20] == b'a' { "b" } else { "a" });
        assert_eq!(id(&wrong), None);
    }
}

#[test]
fn random_strings_are_silent() {
    const HEX: Alphabet = Alphabet::of("0-9a-f");
    const BASE64: Alphabet = Alphabet::of("A-Za-z0-9+/");
    const TEXT: Alphabet = Alphabet::of(" -~");
    const LOWER: Alphabet = Alphabet::of("2-7a-z");
    let words = ["the", "quick", "server", ":", "password", "key", "http", "\n", "azure", ".", "-"];
    for n in 0..10_000 {
        let mut seed = Seed::new(n);
        let length = 1 + seed.below(200);
        for alphabet in [&HEX, &BASE64, &TEXT, &LOWER] {
            let text = seed.text(alphabet, length);
            assert_eq!(recognise_with_base64(&text), None, "seed {n}: {text}");
        }
        let whole = encode(seed.text(&TEXT, length).as_bytes());
        assert_eq!(recognise_with_base64(&whole), None, "seed {n}");
        let prose: Vec<&str> = (0..length).map(|_| seed.one_of(&words)).collect();
        assert_eq!(id(&prose.join(" ")), None, "seed {n}");
        let key = seed.key(if n % 2 == 0 { 32 } else { 64 });
        assert_eq!(id(&key), None, "a key without a mark, seed {n}");
    }
}
