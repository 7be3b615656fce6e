//! `unified-gateway dev`: the simulated providers, a demo tenant, and the words that greet a newcomer.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use domain::Entropy;
use sandbox::Addresses;

use crate::config::{Config, ProviderUrls};
use crate::control::{self, DemoAccess};
use crate::server::{RunError, Running};

/// On one machine a lost call has arrived or never will within moments.
const QUIET_MS: u64 = 5_000;

/// The simulated providers: started here, or found running.
#[derive(Debug)]
pub(crate) enum Sandbox {
    /// Inside this process.
    Inside(sandbox::Sandbox),
    /// Another process.
    External(Addresses),
}

impl Sandbox {
    /// Starts the simulated providers on `port` and the four after it.
    ///
    /// # Errors
    /// [`RunError::Sandbox`] when a port is taken.
    pub(crate) fn start(port: u16) -> Result<Self, RunError> {
        Ok(Self::Inside(sandbox::start(sandbox::Options { port, ..sandbox::Options::local() })?))
    }

    /// Takes the running sandbox whose control port is at `control`.
    ///
    /// # Errors
    /// [`RunError::NoSandbox`] when nobody listens there.
    pub(crate) fn external(control: SocketAddr) -> Result<Self, RunError> {
        TcpStream::connect_timeout(&control, Duration::from_secs(2))
            .map_err(|_refused| RunError::NoSandbox(control))?;
        let at = |offset: u16| SocketAddr::new(control.ip(), control.port().saturating_add(offset));
        Ok(Self::External(Addresses {
            control,
            razorpay: at(1),
            paypal: at(2),
            stripe: at(3),
            twilio: at(4),
        }))
    }

    /// Returns where they listen.
    pub(crate) fn addresses(&self) -> Addresses {
        match self {
            Self::Inside(sandbox) => sandbox.addresses(),
            Self::External(addresses) => *addresses,
        }
    }
}

/// Makes both environments of every provider go to a sandbox.
pub fn point_at_sandbox(config: &mut Config, addresses: Addresses) {
    for (provider, address) in [
        ("razorpay", addresses.razorpay),
        ("paypal", addresses.paypal),
        ("stripe", addresses.stripe),
        ("twilio", addresses.twilio),
    ] {
        let url = format!("http://{address}");
        config.providers.insert(provider.to_owned(), ProviderUrls { test_url: url.clone(), live_url: url });
    }
    config.calls.quiet_ms = QUIET_MS;
}

/// Removes the store's files and the master key, and nothing else that may be in the folder.
///
/// # Errors
/// [`RunError::Forget`] names the file.
pub(crate) fn forget(folder: &Path, master_key: &Path) -> Result<(), RunError> {
    let files = store_sqlite::FILES.iter().map(|name| folder.join(name)).chain([master_key.to_owned()]);
    for file in files {
        match std::fs::remove_file(&file) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(RunError::Forget { path: file.display().to_string(), source });
            }
            _ => {}
        }
    }
    Ok(())
}

/// Makes the demo tenant at the first start, and prints what to do next.
///
/// # Errors
/// [`RunError::Demo`] when the tenant cannot be made, [`RunError::Output`] when the terminal is gone.
pub(crate) async fn welcome(running: &Running, sandbox: Addresses) -> Result<(), RunError> {
    let demo = control::make_demo_tenant(&running.gateway, &demo_env(&*running.gateway.entropy))
        .await
        .map_err(|error| RunError::Demo(error.to_string()))?;
    print(running, sandbox, demo.as_ref()).map_err(RunError::Output)
}

/// Returns a `.env` with credentials that the sandbox takes: the right form, and random.
fn demo_env(entropy: &dyn Entropy) -> String {
    let hex = |chars: usize| {
        let mut bytes = vec![0_u8; chars];
        entropy.fill(&mut bytes);
        hex::encode(bytes).chars().take(chars).collect::<String>()
    };
    format!(
        "RAZORPAY_KEY_ID=rzp_test_{}\nRAZORPAY_KEY_SECRET={}\nRAZORPAYX_ACCOUNT_NUMBER=7878780080316316\nSTRIPE_SECRET_KEY=sk_test_{}\nSTRIPE_PUBLISHABLE_KEY=pk_test_{}\n\
         PAYPAL_CLIENT_ID=A{}\nPAYPAL_CLIENT_SECRET=E{}\nPAYPAL_MODE=sandbox\nTWILIO_ACCOUNT_SID=AC{}\nTWILIO_AUTH_TOKEN={}\n\
         TWILIO_PHONE_NUMBER=+15005550006\n",
        hex(14),
        hex(24),
        hex(48),
        hex(48),
        hex(79),
        hex(79),
        hex(32),
        hex(32),
    )
}

fn print(running: &Running, sandbox: Addresses, demo: Option<&DemoAccess>) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    let public = running.public;
    writeln!(
        out,
        "\n  Unified API Gateway is running (test money only: every provider is simulated here)\n"
    )?;
    writeln!(out, "  API            http://{public}")?;
    writeln!(out, "  API reference  http://{public}/docs")?;
    writeln!(out, "  Metrics        http://{}/metrics", running.admin)?;
    writeln!(
        out,
        "  Providers      http://{}/_control/effects   what they were made to do",
        sandbox.control
    )?;
    if let Some(demo) = demo {
        writeln!(out, "\n  Demo sign-in   {}  {}", demo.email, demo.password.expose())?;
        writeln!(out, "  Test key       {}   (shown this once)", demo.key.expose())?;
        writeln!(out, "\n  Try it:\n")?;
        writeln!(
            out,
            "  curl -s http://{public}/v1/payments/orders -H 'X-Platform-Key: {}' \\",
            demo.key.expose()
        )?;
        writeln!(
            out,
            "       -H 'Content-Type: application/json' -d '{{\"amount\": 500.00, \"currency\": \"INR\"}}'"
        )?;
    } else {
        writeln!(
            out,
            "\n  The demo tenant's key was shown at the first start; `--fresh` starts over with a new one."
        )?;
    }
    writeln!(out, "\n  Ctrl-C stops it.\n")?;
    out.flush()
}
