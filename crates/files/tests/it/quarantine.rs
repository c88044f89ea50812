//! A scanner that speaks the protocol of clamd: what it has not seen waits, what it refuses is given to nobody.

use svod_files::{FileState, Scanner};
use svod_kernel::Coded as _;
use svod_store::testing::TestPlace;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::house::{House, PDF, citizen, mandate, olga, upload};
use crate::on_both_engines;

on_both_engines!(
    a_file_waits_until_it_is_scanned_and_malware_is_kept_back,
    without_an_answer_a_file_goes_on_waiting,
    a_scanner_that_comes_later_sees_what_is_there,
);

/// The file with which scanners are tried (EICAR), in two parts so that this one is not taken for it.
const EICAR: [&str; 2] = [r"X5O!P%@AP[4\PZX54(P^)7CC)7}$", "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"];

async fn judge(mut line: TcpStream) {
    let mut command = [0; 10];
    line.read_exact(&mut command).await.unwrap();
    assert_eq!(&command, b"zINSTREAM\0");
    let mut all = Vec::new();
    loop {
        let length = line.read_u32().await.unwrap();
        if length == 0 {
            break;
        }
        let mut piece = vec![0; length as usize];
        line.read_exact(&mut piece).await.unwrap();
        all.extend(piece);
    }
    let test = EICAR.concat();
    let found = all.windows(test.len()).any(|w| w == test.as_bytes());
    let answer = if found { "stream: Eicar-Test-Signature FOUND\0" } else { "stream: OK\0" };
    line.write_all(answer.as_bytes()).await.unwrap();
}

async fn clamd() -> Scanner {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((line, _)) = listener.accept().await {
            tokio::spawn(judge(line));
        }
    });
    format!("tcp://{address}").parse().unwrap()
}

fn infected() -> Vec<u8> {
    [PDF, EICAR[0].as_bytes(), EICAR[1].as_bytes()].concat()
}

async fn a_file_waits_until_it_is_scanned_and_malware_is_kept_back(place: &TestPlace) {
    let house = House::new(place, Some(clamd().await)).await;
    let (files, me) = (&house.files, citizen(&olga()));
    // Of several pieces on the way to the scanner.
    let mut long = PDF.to_vec();
    long.resize(200_000, b' ');
    let good = files.put(&me, &mandate(), upload("good.pdf", long.clone())).await.unwrap();
    let bad = files.put(&me, &mandate(), upload("bad.pdf", infected())).await.unwrap();
    assert_eq!((good.state, bad.state), (FileState::Waiting, FileState::Waiting));
    for id in [&good.id, &bad.id] {
        assert_eq!(files.read(&me, id).await.unwrap_err().code(), "file-waiting");
    }
    assert_eq!(files.scan().await.unwrap(), 2);
    assert_eq!(files.read(&me, &good.id).await.unwrap().1, long);
    for _ in 0..2 {
        assert_eq!(files.read(&me, &bad.id).await.unwrap_err().code(), "file-infected");
        assert_eq!(files.scan().await.unwrap(), 0, "once");
    }
    let owner = house.registry.entity(&me, &mandate()).await.unwrap();
    let states: Vec<FileState> = files.list(&owner).await.unwrap().into_iter().map(|f| f.state).collect();
    assert_eq!(states, [FileState::Infected, FileState::Clean], "by name, of one moment");
    let alerts = house.all("SecurityAlert").await;
    assert_eq!(alerts.len(), 1);
    let of = |name: &str| alerts[0].text(name).unwrap_or_default();
    assert_eq!((of("kind"), of("severity"), of("actor")), ("malware", "danger", olga().as_str()));
    assert!(of("inputs").contains(bad.id.as_str()), "{}", of("inputs"));
    // It is erased like any other.
    files.remove(&me, &bad.id).await.unwrap();
    assert_eq!(files.read(&me, &bad.id).await.unwrap_err().code(), "file-missing");
}

async fn without_an_answer_a_file_goes_on_waiting(place: &TestPlace) {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let scanner: Scanner = format!("tcp://{}", closed.local_addr().unwrap()).parse().unwrap();
    drop(closed);
    let house = House::new(place, Some(scanner)).await;
    let me = citizen(&olga());
    let file = house.files.put(&me, &mandate(), upload("a.pdf", PDF)).await.unwrap();
    assert_eq!(house.files.scan().await.unwrap(), 0);
    assert_eq!(house.files.read(&me, &file.id).await.unwrap_err().code(), "file-waiting");
}

async fn a_scanner_that_comes_later_sees_what_is_there(place: &TestPlace) {
    let house = House::new(place, None).await;
    let me = citizen(&olga());
    let bad = house.files.put(&me, &mandate(), upload("bad.pdf", infected())).await.unwrap();
    assert_eq!(house.files.scan().await.unwrap(), 0, "nobody looks");
    house.files.read(&me, &bad.id).await.unwrap();
    let files = house.scanned_by(clamd().await);
    assert_eq!(files.read(&me, &bad.id).await.unwrap_err().code(), "file-waiting");
    assert_eq!(files.scan().await.unwrap(), 1);
    for files in [&files, &house.files] {
        assert_eq!(files.read(&me, &bad.id).await.unwrap_err().code(), "file-infected");
    }
}
