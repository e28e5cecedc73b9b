import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.AssessmentsApi;
import org.openapitools.client.api.ClientsApi;
import org.openapitools.client.api.GuidelinesApi;
import org.openapitools.client.api.IdentityApi;
import org.openapitools.client.api.RoutingApi;
import org.openapitools.client.model.*;

/** The script of all clients, with openapi-generator's native Java client. */
public class Script {
    static void check(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    public static void main(String[] arguments) throws Exception {
        ApiClient client = new ApiClient();
        client.updateBaseUri(System.getenv("TASUKE_URL"));
        ObjectMapper json = client.getObjectMapper();

        // token
        AccessToken token = new IdentityApi(client).issueToken("client_credentials", null, null,
            System.getenv("TASUKE_CLIENT_ID"), System.getenv("TASUKE_CLIENT_SECRET"), null, null);
        client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + token.getAccessToken()));
        GuidelinesApi guidelines = new GuidelinesApi(client);
        ClientsApi clients = new ClientsApi(client);
        AssessmentsApi assessments = new AssessmentsApi(client);

        // controls
        ControlPage found = page(guidelines, "backup", null, null);
        check(found.getItems().get(0).getKey().equals("self-check-11"), "controls");

        // client
        var created = clients.createClientWithHttpInfo(
            new NewClient().name("株式会社ジャバ").externalId("java").prefecture("23"), null);
        String seen = created.getHeaders().get("etag").get(0);

        // submit, and retry
        List<AnswerInput> answers = IntStream.rangeClosed(1, 25)
            .mapToObj(n -> new AnswerInput().control(String.format("self-check-%02d", n)).status(AnswerStatus.IMPLEMENTED))
            .toList();
        NewAssessment body = new NewAssessment().clientId(created.getData().getId())
            .questionnaire("ipa-self-check-3.1").state(NewAssessmentState.SUBMITTED).answers(answers);
        var first = assessments.createAssessmentWithHttpInfo(body, "java-1");
        var again = assessments.createAssessmentWithHttpInfo(body, "java-1");
        check(first.getData().getState().equals("submitted"), "submitted");
        check(first.getData().getId().equals(again.getData().getId()), "retry");
        check(again.getHeaders().get("idempotent-replayed").equals(List.of("true")), "replayed");

        // result
        AssessmentResult result = assessments.getAssessmentResult(first.getData().getId());
        check(result.getScore() == 100, "result");

        // batch with one bad item
        List<NewAssessment> items = Stream.of("java", "nobody")
            .map(name -> new NewAssessment().clientExternalId(name).questionnaire("ipa-basic-rules-3.1")
                .externalId("2026-11").answers(List.of()))
            .toList();
        AssessmentBatch batch = assessments.createAssessmentBatch("java-2", new NewAssessmentBatch().items(items));
        check(batch.getItems().get(0).getOutcome().equals("created"), "created");
        check(batch.getItems().get(1).getProblem().getErrors().get(0).getCode().equals("unknown-client"), "problem");

        // routing decision
        RoutingFacts facts = json.readValue(Files.readString(Path.of(System.getenv("TASUKE_FACTS"))), RoutingFacts.class);
        RoutingDecision decision = new RoutingApi(client).decideRouting(facts, null);
        check(decision.getActions().stream().anyMatch(action ->
            action.getContact().equals("ppc_leak_report") && action.getObligation() == Obligation.MUST), "routing");

        // pages
        int count = 0;
        String after = null;
        do {
            ControlPage page = page(guidelines, null, after, 10);
            count += page.getItems().size();
            after = page.getNextCursor();
        } while (after != null);
        check(count == 25, "pages");

        // ETag conflict
        ClientCompany changed = clients.updateClient(created.getData().getId(), seen, new ClientPatch().employees(45));
        check(changed.getEmployees() == 45, "changed");
        try {
            clients.updateClient(created.getData().getId(), seen, new ClientPatch().employees(46));
            throw new AssertionError("a stale change was taken");
        } catch (ApiException stale) {
            Problem problem = json.readValue(stale.getResponseBody(), Problem.class);
            check(stale.getCode() == 412 && problem.getCode().equals("stale"), "stale");
        }
        System.out.println("openapi-generator (java, native): all steps passed");
    }

    private static ControlPage page(GuidelinesApi guidelines, String words, String after, Integer limit)
            throws ApiException {
        return guidelines.listControls("ipa-sme", "3.1", "self-check", null, null, null, null, null, null, null, null,
            words, after, limit);
    }
}
