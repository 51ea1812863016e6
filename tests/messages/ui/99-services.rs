#[goplug::plugin]
pub trait Database {
    #[goplug::method]
    async fn query(&self, table: &str) -> Vec<String>;
}

pub struct NoContract;

#[goplug::plugin(needs(NoContract))]
pub struct First;

#[goplug::plugin(needs(DatabaseClient), wants(Database, Database))]
pub struct Second;

#[goplug::plugin(needs = "Database", wants)]
pub struct Third;

#[goplug::plugin(needs(Database<u8>))]
pub struct Fourth;

#[goplug::plugin(need(Database))]
pub struct Fifth;

#[goplug::plugin(needs(Database))]
pub trait Contract {
    #[goplug::method]
    async fn greet(&self);
}

fn main() {}
