//! A plugin's functions may stand in any module of its crate.
#![deny(warnings)]

mod model {
    #[goplug::plugin]
    pub(super) struct Calculator;

    #[goplug::plugin]
    pub(crate) trait Contract {
        #[goplug::method]
        async fn value(&self) -> u8;
    }
}

mod methods {
    pub(crate) mod deep {
        #[goplug::method(crate::model::Calculator)]
        async fn add(calculator: &crate::model::Calculator, a: i64, b: i64) -> i64 {
            let _ = calculator;
            let _ = super::told(a).await;
            a + b
        }

        #[goplug::plugin(super::super::model::Calculator)]
        impl super::super::model::Contract for super::super::model::Calculator {
            async fn value(&self) -> u8 {
                1
            }
        }
    }

    #[goplug::callback(super::model::Calculator)]
    async fn told(number: i64) -> goplug::Result<()>;

    #[goplug::stop(super::model::Calculator)]
    fn stop() {}
}

async fn calls<C: goplug::Caller>(client: model::CalculatorClient<C>) -> goplug::Result<i64> {
    client.add(1, 2).await
}

fn main() {
    let _ = calls::<Nobody>;
}

#[derive(Clone)]
struct Nobody;

impl goplug::Caller for Nobody {
    async fn call(
        &self,
        _: goplug_runtime::typed::CallRequest<'_>,
    ) -> goplug::Result<bytes::Bytes> {
        Err(goplug::Error::Stopped)
    }

    async fn subscribe(
        &self,
        _: &'static str,
        _: goplug_runtime::typed::CallbackHandler,
    ) -> goplug::Result<goplug::Subscription> {
        Err(goplug::Error::Stopped)
    }
}
