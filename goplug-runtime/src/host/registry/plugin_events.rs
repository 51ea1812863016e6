//! What happens to a plugin, as the events of its registry.

use super::events::Event;
use crate::host::instance::Exit;
use crate::host::plugin::PluginEvent;
use crate::protocol::PluginId;

/// What happened to a plugin, as users hear it.
pub(super) fn public(plugin: PluginId, event: PluginEvent) -> Event {
    match event {
        PluginEvent::Loaded => Event::Loaded { plugin },
        PluginEvent::Restarted => Event::Restarted { plugin },
        PluginEvent::Upgraded => Event::Upgraded { plugin },
        PluginEvent::UpgradeFailed(reason) => Event::UpgradeFailed { plugin, reason },
        PluginEvent::StopFailed(process, reason) => Event::StopFailed { plugin, process, reason },
        PluginEvent::Crashed(Exit { status, stderr, .. }) => {
            Event::Crashed { plugin, status, stderr }
        }
        PluginEvent::GivenUp(reason) => Event::GivenUp { plugin, reason },
        PluginEvent::Stopped => Event::Stopped { plugin },
        PluginEvent::InDevelopment => Event::InDevelopment { plugin },
        PluginEvent::Attached(socket) => Event::Attached { plugin, socket },
        PluginEvent::Unconfined(reason) => Event::Unconfined { plugin, reason },
        PluginEvent::PermissionsDenied(permissions, reasons) => {
            Event::PermissionsDenied { plugin, permissions, reasons }
        }
        PluginEvent::PermissionsRequested(permissions) => {
            Event::PermissionsRequested { plugin, permissions }
        }
        PluginEvent::ContractDrift(client, differences) => {
            Event::ContractDrift { plugin, client, differences }
        }
        PluginEvent::CallbacksMissed(count) => Event::CallbacksMissed { plugin, count },
        PluginEvent::OfInstance(instance, event) => {
            let event = Box::new(public(plugin.clone(), *event));
            Event::Instance { plugin, instance, event }
        }
    }
}

/// That the instance of a slot takes calls.
pub(super) fn loaded(plugin: &PluginId, instance: usize) -> Event {
    let event = Box::new(Event::Loaded { plugin: plugin.clone() });
    Event::Instance { plugin: plugin.clone(), instance, event }
}
