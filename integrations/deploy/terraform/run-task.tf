# Asks Seamark after each plan. The same key has to be set as SEAMARK_TERRAFORM_KEY on the server.
variable "organization" {
  type = string
}

variable "workspace_id" {
  type = string
}

variable "seamark_key" {
  type      = string
  sensitive = true
}

resource "tfe_organization_run_task" "seamark" {
  organization = var.organization
  name         = "seamark"
  description  = "Deploy gate"
  enabled      = true
  # The application is that of the workspace's repository, or is called like the workspace; else say it: ?application=shop
  url      = "https://seamark.example/api/v1/decisions/terraform?environment=production"
  hmac_key = var.seamark_key
}

resource "tfe_workspace_run_task" "seamark" {
  workspace_id      = var.workspace_id
  task_id           = tfe_organization_run_task.seamark.id
  enforcement_level = "mandatory"
  stages            = ["post_plan"]
}
