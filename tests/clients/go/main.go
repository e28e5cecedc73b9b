// The script of all clients, with openapi-generator's Go client.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"tasuke.example/tasuke"
)

func check(holds bool, what string) {
	if !holds {
		fmt.Fprintln(os.Stderr, "failed:", what)
		os.Exit(1)
	}
}

// Of the answer, or the end of the script with what the service said.
func must[T, R any](value T, _ R, err error) T {
	var told *tasuke.GenericOpenAPIError
	if errors.As(err, &told) {
		check(false, err.Error()+": "+string(told.Body()))
	}
	check(err == nil, fmt.Sprint(err))
	return value
}

func main() {
	configuration := tasuke.NewConfiguration()
	configuration.Servers = tasuke.ServerConfigurations{{URL: os.Getenv("TASUKE_URL")}}
	client := tasuke.NewAPIClient(configuration)

	// token
	token := must(client.IdentityAPI.IssueToken(context.Background()).GrantType("client_credentials").
		ClientId(os.Getenv("TASUKE_CLIENT_ID")).ClientSecret(os.Getenv("TASUKE_CLIENT_SECRET")).Execute())
	ctx := context.WithValue(context.Background(), tasuke.ContextAccessToken, token.AccessToken)

	// controls
	controls := client.GuidelinesAPI.ListControls(ctx, "ipa-sme", "3.1").Group("self-check")
	check(must(controls.Q("backup").Execute()).Items[0].Key == "self-check-11", "controls")

	// client
	company := tasuke.NewCreateClient("株式会社ゴー")
	company.SetExternalId("go")
	company.SetPrefecture("23")
	created, answer, err := client.ClientsAPI.CreateClient(ctx).CreateClient(*company).Execute()
	must(created, answer, err)
	seen := answer.Header.Get("ETag")

	// submit, and retry
	body := tasuke.NewCreateAssessment("ipa-self-check-3.1")
	body.SetClientId(created.Id)
	body.SetState(tasuke.CREATEASSESSMENTSTATE_SUBMITTED)
	for n := 1; n <= 25; n++ {
		one := tasuke.NewAnswerInput(fmt.Sprintf("self-check-%02d", n), tasuke.ANSWERSTATUS_IMPLEMENTED)
		body.Answers = append(body.Answers, *one)
	}
	submit := client.AssessmentsAPI.CreateAssessment(ctx).CreateAssessment(*body).IdempotencyKey("go-1")
	first := must(submit.Execute())
	again, answer, err := submit.Execute()
	must(again, answer, err)
	check(first.State == "submitted" && first.Id == again.Id, "retry")
	check(answer.Header.Get("Idempotent-Replayed") == "true", "replayed")

	// result
	check(*must(client.AssessmentsAPI.GetAssessmentResult(ctx, first.Id).Execute()).Score.Get() == 100, "result")

	// batch with one bad item
	var items []tasuke.CreateAssessment
	for _, name := range []string{"go", "nobody"} {
		item := tasuke.NewCreateAssessment("ipa-basic-rules-3.1")
		item.SetClientExternalId(name)
		item.SetExternalId("2026-11")
		items = append(items, *item)
	}
	batch := must(client.AssessmentsAPI.CreateAssessmentBatch(ctx).IdempotencyKey("go-2").
		CreateAssessmentBatch(*tasuke.NewCreateAssessmentBatch(items)).Execute())
	check(batch.Items[0].Outcome == "created", "created")
	problem := batch.Items[1].Problem.Get()
	check(batch.Items[1].Outcome == "rejected" && problem.Errors[0].Code == "unknown-client", "problem")

	// routing decision
	var facts tasuke.RoutingFacts
	text, err := os.ReadFile(os.Getenv("TASUKE_FACTS"))
	check(err == nil && json.Unmarshal(text, &facts) == nil, "facts")
	decision := must(client.RoutingAPI.DecideRouting(ctx).RoutingFacts(facts).Execute())
	found := false
	for _, action := range decision.Actions {
		found = found || action.Contact == "ppc_leak_report" && action.Obligation == tasuke.OBLIGATION_MUST
	}
	check(found, "routing")

	// pages
	count, page := 0, must(controls.Limit(10).Execute())
	for count += len(page.Items); page.NextCursor.Get() != nil; count += len(page.Items) {
		page = must(controls.Limit(10).After(*page.NextCursor.Get()).Execute())
	}
	check(count == 25, "pages")

	// ETag conflict
	change := client.ClientsAPI.UpdateClient(ctx, created.Id).IfMatch(seen)
	patch := tasuke.NewClientPatch()
	patch.SetEmployees(45)
	changed := must(change.ClientPatch(*patch).Execute())
	check(*changed.Employees.Get() == 45, "changed")
	_, answer, err = change.ClientPatch(*patch).Execute()
	var refused *tasuke.GenericOpenAPIError
	check(errors.As(err, &refused) && answer.StatusCode == 412, "a stale change was taken")
	stale, typed := refused.Model().(tasuke.Problem)
	check(typed && stale.Code == "stale", "stale")
	fmt.Println("openapi-generator (go): all steps passed")
}
