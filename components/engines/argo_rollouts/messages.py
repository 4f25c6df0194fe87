"""What the controller says about a release: Go templates that read the Rollout and its AnalysisRuns.

Their functions are sprig's; `rollout` and `analysisRuns` are the controller's own. At the moment of one of its events
the Rollout is as it was just before. Source: argo-rollouts v1.9, utils/record/record.go.
"""

from collections.abc import Mapping

from ...contracts_of.argo_rollouts import Words
from ...spec.channels import Event
from ...spec.labels import VERSION_LABEL

LIMITS = "coalmine.dev/limits"
"""Annotation of a Rollout with each check's limit, and how its measured number is shown."""

_KEYS = f'{{{{- $versionLabel := "{VERSION_LABEL}" -}}}}{{{{- $limitsName := "{LIMITS}" -}}}}\n'

# Without a router the share of the pods is the weight, rounded up: 0 would say that the new version has no users.
_NAMES = """\
{{- $rollout := .rollout -}}
{{- $app := $rollout.metadata.name -}}
{{- $version := dig "spec" "template" "metadata" "labels" $versionLabel "" $rollout -}}
{{- $weight := dig "status" "canary" "weights" "canary" "weight" 0 $rollout -}}
{{- $pods := dig "status" "replicas" 0 $rollout -}}
{{- $canary := dig "spec" "strategy" "canary" (dict) $rollout -}}
{{- $routed := or (dig "status" "canary" "weights" (dict) $rollout) (hasKey $canary "trafficRouting") -}}
{{- if and $canary $pods (not $routed) -}}
  {{- $weight = div (sub (add (mul 100 (dig "status" "updatedReplicas" 0 $rollout)) $pods) 1) $pods -}}
{{- end -}}
{{- $why := list -}}
{{- $step := 0 -}}{{- $steps := 0 -}}
"""

# A step of the app is all that leads to an analysis of its checks, and the pauses after it; gates have no arguments.
_PASSED = """\
{{- $all := dig "spec" "strategy" "canary" "steps" (list) $rollout -}}
{{- $at := dig "status" "currentStepIndex" 0 $rollout | int -}}
{{- range $index, $one := $all -}}
  {{- if or (hasKey (dig "analysis" (dict) $one) "args") (hasKey $one "experiment") -}}
    {{- $steps = add1 $steps -}}
    {{- if lt $index $at -}}{{- $step = add1 $step -}}{{- end -}}
  {{- end -}}
{{- end -}}
"""

_UNDER_WAY = """\
{{- if lt $at (len $all) -}}
  {{- if not (hasKey (index $all $at) "pause") -}}{{- $step = add1 $step -}}{{- end -}}
{{- end -}}
{{- $where := printf "weight %v %%" $weight -}}
{{- if $steps -}}{{- $where = printf "step %d of %d, %s" $step $steps $where -}}{{- end -}}
"""

# The last bad measurement of every check that decided, in the newest failed run: after a retry older ones are left.
_WHY = """\
{{- $limits := dig "metadata" "annotations" $limitsName "{}" $rollout | fromJson -}}
{{- range $run := .analysisRuns -}}
  {{- $bad := list -}}
  {{- range $check := dig "status" "metricResults" (list) $run -}}
    {{- if has (dig "phase" "" $check) (list "Failed" "Error") -}}
      {{- $name := dig "name" "" $check -}}
      {{- $known := dig $name (dict) $limits -}}
      {{- $said := "no data" -}}
      {{- range $one := dig "measurements" (list) $check -}}
        {{- if eq (dig "phase" "" $one) "Error" -}}
          {{- $said = printf "got no answer: %s" (dig "message" "" $one) -}}
        {{- else if has (dig "phase" "" $one) (list "Failed" "Inconclusive") -}}
          {{- $number := dig "value" "" $one | replace "[" "" | replace "]" "" -}}
          {{- $said = "no data" -}}
          {{- if regexMatch "^[0-9.]+(e[+-]?[0-9]+)?$" $number -}}
            {{- $said = $number -}}
            {{- if $known -}}{{- $said = printf $known.format (mulf $known.factor (float64 $number)) -}}{{- end -}}
          {{- end -}}
        {{- end -}}
      {{- end -}}
      {{- $reason := printf "%s %s" (replace "-" " " $name) $said -}}
      {{- if $known -}}{{- $reason = printf "%s, at most %s" $reason $known.limit -}}{{- end -}}
      {{- $bad = append $bad $reason -}}
    {{- end -}}
  {{- end -}}
  {{- if and $bad (not $why) -}}{{- $why = sortAlpha $bad -}}{{- end -}}
{{- end -}}
{{- if not $why -}}
  {{- $deadline := dig "spec" "progressDeadlineSeconds" 600 $rollout -}}
  {{- $why = list (printf "no progress for %vs: its pods do not become ready" $deadline) -}}
  {{- $late := false -}}
  {{- range $one := dig "status" "conditions" (list) $rollout -}}
    {{- if eq (dig "reason" "" $one) "ProgressDeadlineExceeded" -}}{{- $late = true -}}{{- end -}}
  {{- end -}}
  {{- if lt $at (len $all) -}}
    {{- if hasKey (index $all $at) "experiment" -}}{{- $why = list "its experiment failed" -}}{{- end -}}
  {{- end -}}
  {{- if and (dig "status" "abort" false $rollout) (not $late) -}}{{- $why = list "aborted by hand" -}}{{- end -}}
{{- end -}}
{{- $reasons := join "; " $why -}}
"""

# The controller tells of it before it writes it down.
_ALL = "{{- $weight = 100 -}}\n"

_SAID: Mapping[Event, tuple[str, str, str]] = {
    "started": ("", '"release started"', '""'),
    "step": (_PASSED, '"passed its checks"', 'printf " of step %d of %d, weight now %v %%" $step $steps $weight'),
    "approval": (
        _PASSED + _UNDER_WAY,
        '"waits for an approval"',
        'printf " at %s: `coalmine approve %s` lets it go on, `coalmine abort %s` takes it back" $where $app $app',
    ),
    "promoted": (_ALL, '"promoted, gets all traffic"', '""'),
    "aborted": (_PASSED + _UNDER_WAY + _WHY, '"taken back"', 'printf " at %s: %s" $where $reasons'),
}
"""Of each event: the code that finds out what is said, what happened in short, and the rest of the sentence."""


def words(event: Event, cluster: str) -> Words:
    """What is said of an event on a cluster."""
    finding, short, rest = _SAID[event]
    return Words(event, f"{_KEYS}{_NAMES}{finding}{_text(event, cluster, short, rest)}", cluster)


def _text(event: Event, cluster: str, short: str, rest: str) -> str:
    names = '"app" $app "namespace" $rollout.metadata.namespace "version" $version'
    place = f'"event" "{event}" "cluster" "{cluster}" {names}'
    progress = '"step" $step "steps" $steps "weight" $weight "reasons" $why "text" $text'
    return (
        f'{{{{- $title := printf "%s %s on {cluster}: %s" $app $version {short} -}}}}\n'
        f"{{{{- $rest := {rest} -}}}}\n"
        '{{- $text := printf "%s%s. More: `coalmine status %s`" $title $rest $app -}}\n'
        f"{{{{- $facts := dict {place} {progress} -}}}}\n"
    )
