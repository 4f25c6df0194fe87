"""What sets the number of an app's pods: a HorizontalPodAutoscaler, or a ScaledObject of KEDA.

Sources: keda v2.20, apis/keda/v1alpha1/scaledobject_types.go and the metadata of each scaler in pkg/scalers. Only
fields that Flagger knows too: it copies the object for its stable pods and drops all others.
"""

from collections.abc import Mapping

from ..spec.app import AppSpec
from ..spec.scaling import CpuTrigger, CronTrigger, KafkaTrigger, Keda, MemoryTrigger, PrometheusTrigger, Scaling
from .meta import Manifest, manifest, without_nothing


def autoscalers(app: AppSpec, target: Manifest) -> list[Manifest]:
    """The autoscaler of an app with `scaling`; it alone sets the target's replicas then."""
    return [autoscaler(app, target, app.scaling)] if app.scaling else []


def autoscaler(app: AppSpec, target: Manifest, scaling: Scaling | Keda) -> Manifest:
    """The object that keeps the target's pods in a range."""
    reference = {
        "apiVersion": target["apiVersion"],
        "kind": target["kind"],
        "name": target["metadata"]["name"],
    }
    return _keda(app, reference, scaling) if isinstance(scaling, Keda) else _hpa(app, reference, scaling)


def queries(scaling: Scaling | Keda | None) -> Mapping[str, str]:
    """The query of every trigger that has one, by the trigger's name."""
    if not isinstance(scaling, Keda):
        return {}
    return {
        _trigger_name(index): trigger.query
        for index, trigger in enumerate(scaling.triggers)
        if isinstance(trigger, PrometheusTrigger)
    }


def _hpa(app: AppSpec, reference: Manifest, scaling: Scaling) -> Manifest:
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": int(scaling.cpu.value)}}
    spec = {
        "scaleTargetRef": reference,
        "minReplicas": scaling.min,
        "maxReplicas": scaling.max,
        "metrics": [{"type": "Resource", "resource": cpu}],
    }
    return manifest("autoscaling/v2", "HorizontalPodAutoscaler", app.name, app, {"spec": spec})


def _keda(app: AppSpec, reference: Manifest, scaling: Keda) -> Manifest:
    fallback = scaling.fallback
    spec = without_nothing(
        {
            "scaleTargetRef": reference,
            "pollingInterval": scaling.every.whole_seconds,
            "minReplicaCount": scaling.min,
            "maxReplicaCount": scaling.max,
            "fallback": {"failureThreshold": fallback.failures, "replicas": fallback.pods} if fallback else None,
            "triggers": [
                {"name": _trigger_name(index), **_trigger(trigger)} for index, trigger in enumerate(scaling.triggers)
            ],
        }
    )
    return manifest("keda.sh/v1alpha1", "ScaledObject", app.name, app, {"spec": spec})


def _trigger_name(index: int) -> str:
    """Flagger tells the triggers apart by it."""
    return f"trigger-{index}"


def _trigger(trigger: CpuTrigger | MemoryTrigger | PrometheusTrigger | CronTrigger | KafkaTrigger) -> Manifest:
    """KEDA takes text only, whatever it stands for."""
    match trigger:
        case CpuTrigger() | MemoryTrigger():
            return {
                "type": trigger.kind,
                "metricType": "Utilization",
                "metadata": {"value": str(int(trigger.use.value))},
            }
        case PrometheusTrigger():
            metadata = {
                "serverAddress": trigger.address,
                "query": trigger.query,
                "threshold": f"{trigger.per_pod:.15g}",
                # KEDA would take no answer for 0, and take pods away.
                "ignoreNullValues": "false",
            }
            return {"type": "prometheus", "metadata": metadata, **_authentication(trigger.authentication)}
        case CronTrigger():
            metadata = {
                "timezone": trigger.timezone,
                "start": trigger.start,
                "end": trigger.end,
                "desiredReplicas": str(trigger.pods),
            }
            return {"type": "cron", "metadata": metadata}
        case KafkaTrigger():
            metadata = {
                "bootstrapServers": ",".join(trigger.servers),
                "consumerGroup": trigger.group,
                "topic": trigger.topic,
                "lagThreshold": str(trigger.per_pod),
            }
            return {"type": "kafka", "metadata": metadata, **_authentication(trigger.authentication)}


def _authentication(name: str | None) -> Manifest:
    return {"authenticationRef": {"name": name}} if name else {}
