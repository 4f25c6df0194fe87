"""Security and tenancy in CEL: what the pods of a release may do, and whom its measurements may call."""

from collections.abc import Mapping

from ..canaries import CANARY as FLAGGER
from ..canaries import TEMPLATE as FLAGGER_TEMPLATE
from ..expressions import Cel, Said
from ..facts import Kind
from ..rollouts import CLUSTER_TEMPLATE, ROLLOUT, TEMPLATE
from ..steps_in_cel import CANARY

_TEMPLATES = (TEMPLATE, CLUSTER_TEMPLATE)
_INJECT = "sidecar.istio.io/inject"
_SECRET_NAME = "r'(?i)token|secret|passw|api[-_.]?key|app(?:lication)?[-_.]?key|credential|authorization|cookie'"
_PLAIN = "holds a secret that everybody can read who can read the object; keep it in a Secret, and name that"
_HOOKS = "object.spec.?analysis.?webhooks.orValue([])"
_METRICS = "object.spec.?metrics.orValue([])"
_JOB = "m.?provider.?job.?spec.?template.?spec"


def _own(field: str) -> str:
    """What counts for a container: its own, or that of its pod."""
    return f"c.?securityContext.?{field}.orValue(p.?securityContext.?{field}.orValue"


_OF_CONTAINER = (
    "(c.?securityContext.?privileged.orValue(false) ? ['privileged'] : []) + "
    "(c.?securityContext.?allowPrivilegeEscalation.orValue(true) ? ['allowPrivilegeEscalation is not false'] : []) + "
    "('ALL' in c.?securityContext.?capabilities.?drop.orValue([]) ? [] : ['capabilities.drop does not hold ALL']) + "
    "(c.?securityContext.?capabilities.?add.orValue([]).exists(a, a != 'NET_BIND_SERVICE') ? ['capabilities.add adds "
    "one'] : []) + "
    f"({_own('runAsNonRoot')}(false)) ? [] : ['runAsNonRoot is not true']) + "
    f"({_own('runAsUser')}(1)) == 0 ? ['runAsUser is 0'] : []) + "
    f"({_own('seccompProfile')}({{}})).?type.orValue('') in ['RuntimeDefault', 'Localhost'] ? [] : ['no "
    "seccompProfile'])"
)
_CONTAINERS = (
    "(p.?initContainers.orValue([]) + p.?containers.orValue([]) + p.?ephemeralContainers.orValue([])).map(c, "
    f"string(c.?name.orValue('a container')) + ': ' + ({_OF_CONTAINER}).join(', ')).filter(t, !t.endsWith(': '))"
)
_OF_POD = (
    "['hostNetwork', 'hostPID', 'hostIPC'].filter(k, p[?k].orValue(false)) + (p.?volumes.orValue([]).exists(v, "
    f"v.?hostPath.hasValue()) ? ['a hostPath'] : []) + {_CONTAINERS}"
)
_RESTRICTED = "; run as another user than root, without privileges and capabilities, with the default seccomp profile"


def _pods(pods: str) -> str:
    """What the pods of a list, as plain data, do beyond the profile; a list for each."""
    return f"{pods}.map(p, {_OF_POD})"


def _calls(kind: tuple[Kind, ...], urls: str) -> Cel:
    return Cel(
        kinds=kind,
        variables={
            "urls": urls,
            "named": "variables.urls.map(u, isURL(u) ? url(u).getHostname().lowerAscii() : '')",
            "called": "variables.named.map(h, h.endsWith('.') ? h.substring(0, size(h) - 1) : h)",
            "web": "variables.urls.map(u, isURL(u) && url(u).getScheme() in ['http', 'https'])",
            "rests": "variables.called.map(h, h.contains('.') ? h.substring(h.indexOf('.') + 1) : '')",
            "near": "variables.rests.map(r, size(variables.hosts) > 0 && (r == '' || r == "
            "object.metadata.?namespace.orValue('').lowerAscii()))",
        },
        broken="variables.urls.transformList(i, u, !variables.web[i] || variables.called[i] == '' || "
        "!(variables.near[i] || variables.hosts.exists(h, h == '*' || h == variables.called[i] || "
        "(h.startsWith('*.') && variables.called[i].endsWith(h.substring(1))))), 'an address is none that the list of "
        "allowed hosts holds; call a Service of the cluster, or have the host added to the hosts of the rule')",
    )


def _plain_address(text: str) -> str:
    """Whether an address holds a password that no argument gives."""
    after = f"{text}.substring({text}.indexOf('://') + 3)"
    user = f"{after}.split('/')[0]"
    return f"({text}.contains('://') && {user}.contains('@') && !{after}.split('@')[0].contains('{{{{'))"


CEL: Mapping[str, Said] = {
    "restricted-pods": (
        Cel(
            kinds=(ROLLOUT,),
            variables={
                # As plain data: what is common to all containers is asked of each kind of them at once.
                "pods": "[dyn(object).spec.?template.?spec.orValue({})]",
                "beyond": _pods("variables.pods"),
            },
            broken=f"variables.beyond[0].map(t, 'in spec.template.spec: ' + t + '{_RESTRICTED}')",
        ),
        Cel(
            kinds=_TEMPLATES,
            variables={
                "pods": "dyn(object).spec.?metrics.orValue([]).map(m, " + _JOB + ".orValue({}))",
                "beyond": _pods("variables.pods"),
            },
            broken="variables.beyond.transformList(i, l, size(l) > 0, 'in the Job of spec.metrics[' + string(i) + ']: "
            f"' + l.join(', ') + '{_RESTRICTED}')",
        ),
    ),
    "jobs-have-no-token": (
        Cel(
            kinds=_TEMPLATES,
            broken=f"{_METRICS}.transformList(i, m, {_JOB}.hasValue() && "
            f"{_JOB}.?automountServiceAccountToken.orValue(true), 'the Job of spec.metrics[' + string(i) + '] gets the "
            "token of its account; set automountServiceAccountToken to false')",
        ),
    ),
    "allowed-addresses": (
        _calls(
            _TEMPLATES,
            f"{_METRICS}.filter(m, m.?provider.?web.?url.hasValue()).map(m, m.provider.web.url)",
        ),
        _calls((FLAGGER,), f"{_HOOKS}.filter(h, h.?url.hasValue()).map(h, h.url)"),
    ),
    "secrets-by-reference": (
        Cel(
            kinds=_TEMPLATES,
            broken="object.spec.?args.orValue([]).transformList(i, a, a.?name.orValue('').matches("
            f"{_SECRET_NAME}) && a.?value.orValue('') != '' && !a.?value.orValue('').contains('{{{{'), 'spec.args[' + "
            f"string(i) + '].value {_PLAIN}') + {_METRICS}.transformList(i, m, m.?provider.?web.?headers.orValue([])"
            f".exists(h, h.?key.orValue('').matches({_SECRET_NAME}) && h.?value.orValue('') != '' && "
            "!h.?value.orValue('').contains('{{')), 'a header of spec.metrics[' + string(i) + "
            f"'] {_PLAIN}') + {_METRICS}.transformList(i, m, [m.?provider.?web.?url.orValue(''), "
            "m.?provider.?prometheus.?address.orValue('')].exists(u, "
            f"{_plain_address('u')}), 'an address of spec.metrics[' + string(i) + '] {_PLAIN}')",
        ),
        Cel(
            kinds=(FLAGGER_TEMPLATE,),
            variables={"address": "object.spec.?provider.?address.orValue('')"},
            broken=f"{_plain_address('variables.address')} ? ['spec.provider.address {_PLAIN}'] : []",
        ),
        Cel(
            kinds=(FLAGGER,),
            broken=f"{_HOOKS}.transformList(i, h, {_plain_address('h.?url.orValue(' + repr('') + ')')} || "
            f"h.?metadata.orValue({{}}).exists(k, k.matches({_SECRET_NAME})), 'spec.analysis.webhooks[' + string(i) + "
            f"'] {_PLAIN}')",
        ),
    ),
    "strict-mtls": (
        Cel(
            kinds=(Kind("security.istio.io", "PeerAuthentication"),),
            variables={"open": "['PERMISSIVE', 'DISABLE']"},
            broken="(object.spec.?mtls.?mode.orValue('') in variables.open ? ['spec.mtls.mode lets plain requests in; "
            "set it to STRICT'] : []) + object.spec.?portLevelMtls.orValue({}).transformList(p, m, m.?mode.orValue('') "
            "in variables.open, 'spec.portLevelMtls of ' + p + ' lets plain requests in; set it to STRICT')",
        ),
    ),
    "in-the-mesh": (
        Cel(
            kinds=(ROLLOUT,),
            broken=f"!{CANARY}.?trafficRouting.?istio.hasValue() ? [] : "
            f"(object.spec.?template.?metadata.?labels[?'{_INJECT}'].orValue('') == 'false' ? ['a label of the pods "
            "keeps the proxy of Istio out, and with it what it measures; leave it out'] : []) + "
            f"(object.spec.?template.?metadata.?annotations[?'{_INJECT}'].orValue('') == 'false' ? ['an annotation of "
            "the pods keeps the proxy of Istio out, and with it what it measures; leave it out'] : [])",
        ),
    ),
}
