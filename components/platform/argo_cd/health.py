"""When an object is healthy, in Argo CD's words, where its own scripts do not know.

Those of v3.6 know a Rollout by its phase: an aborted one is Degraded, one that waits is Suspended. Of a Canary they
call Unknown whatever is neither moving nor over, which is worse than Degraded: a release that waits for a person.
"""

CANARY_HEALTH = """\
local phases = {
  Initializing = "Progressing",
  Progressing = "Progressing",
  Promoting = "Progressing",
  Finalising = "Progressing",
  Waiting = "Suspended",
  WaitingPromotion = "Suspended",
  Initialized = "Healthy",
  Succeeded = "Healthy",
  Failed = "Degraded",
  Terminating = "Progressing",
  Terminated = "Progressing",
}
local health = { status = "Progressing", message = "Flagger has not looked at it yet" }
if obj.status == nil or obj.status.phase == nil or obj.status.phase == "" then
  return health
end
health.status = phases[obj.status.phase] or "Unknown"
health.message = obj.status.phase
if obj.status.canaryWeight ~= nil and obj.status.canaryWeight > 0 then
  health.message = health.message .. " at weight " .. obj.status.canaryWeight
end
for _, condition in ipairs(obj.status.conditions or {}) do
  if condition.type == "Promoted" and condition.message ~= nil then
    health.message = health.message .. ": " .. condition.message
  end
end
return health
"""
"""Of Flagger's Canary. Phases: flagger v1.36, pkg/apis/flagger/v1beta1/status.go."""
