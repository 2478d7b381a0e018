use proof::*;
fn main() {
    let n: usize = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(20000);
    let kind = if std::env::args().nth(2).unwrap_or_default() == "public" { Kind::Public } else { Kind::Auditor };
    let path = std::env::args().nth(3).unwrap();
    if n > 0 {
        lab::proof::large(n).write(kind, std::io::BufWriter::new(std::fs::File::create(&path).unwrap())).unwrap();
    } else {
        let report = verify(std::io::BufReader::with_capacity(1 << 20, std::fs::File::open(&path).unwrap()), 2, &sample::SampleDocuments).unwrap();
        println!("{}", report.to_string().lines().take(30).collect::<Vec<_>>().join("\n"));
    }
}
