"""Label schemas through the MLflow client."""

import pytest
from mlflow.exceptions import MlflowException
from mlflow.genai import label_schemas
from mlflow.genai.label_schemas import InputCategorical, InputNumeric, InputPassFail, InputText


@pytest.fixture
def create(experiment):
    def make(name: str, **fields):
        fields = {"type": "feedback", "input": InputText(), **fields}
        return label_schemas.create_label_schema(name, experiment_id=experiment.experiment_id, **fields)

    return make


@pytest.mark.parametrize(
    "question",
    [
        InputPassFail("good", "bad"),
        InputCategorical(["a", "b"], multi_select=True),
        InputNumeric(0, 1.5),
        InputText(max_length=10),
    ],
    ids=lambda question: type(question).__name__,
)
def test_a_question_is_made_and_found(experiment, create, question):
    made = create("q", input=question, instruction="do", enable_comment=True)
    assert made.schema_id.startswith("ls-")
    assert (made.input, made.instruction, made.enable_comment) == (question, "do", True)
    assert label_schemas.get_label_schema(schema_id=made.schema_id) == made
    assert label_schemas.get_label_schema("q", experiment_id=experiment.experiment_id) == made


def test_questions_are_listed_with_the_default_one(experiment, create):
    made = create("q", type="expectation")
    listed = label_schemas.list_label_schemas(experiment_id=experiment.experiment_id)
    assert [(schema.name, schema.is_default) for schema in listed] == [("Feedback", True), ("q", False)]
    with pytest.raises(MlflowException, match="default question cannot be deleted"):
        label_schemas.delete_label_schema(schema_id=listed[0].schema_id)
    label_schemas.delete_label_schema(schema_id=made.schema_id)
    label_schemas.delete_label_schema(schema_id=made.schema_id)
    listed = label_schemas.list_label_schemas(experiment_id=experiment.experiment_id)
    assert [schema.name for schema in listed] == ["Feedback"]


def test_a_question_is_changed(experiment, create):
    made = create("q", input=InputCategorical(["a"]))
    changed = label_schemas.update_label_schema(made.schema_id, name="r", input=InputCategorical(["a", "b"]))
    assert (changed.name, changed.input.options) == ("r", ["a", "b"])
    with pytest.raises(MlflowException, match="input type cannot be changed"):
        label_schemas.update_label_schema(made.schema_id, input=InputText())
    create("q")
    with pytest.raises(MlflowException, match="already exists") as caught:
        label_schemas.update_label_schema(made.schema_id, name="q")
    assert caught.value.error_code == "RESOURCE_ALREADY_EXISTS"
    with pytest.raises(MlflowException, match="Label schema with id 'ls-nope' not found") as caught:
        label_schemas.get_label_schema(schema_id="ls-nope")
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    with pytest.raises(MlflowException, match="is reserved"):
        create("feedback")
